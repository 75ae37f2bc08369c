import Timing

/// The time after which another process can take over a recovery or a backfill that its holder does not extend.
package enum RecoveryTiming {
    package static let lease = Duration.seconds(3)
}
