import RedisClient

/// The Lua scripts of this package.
package enum Scripts {
    // Orders.
    package static let claim = RedisScript(name: "claim", source: PackageResources.claim_lua)
    package static let transition = RedisScript(name: "transition", source: PackageResources.transition_lua)
    // Events.
    package static let publish = RedisScript(name: "publish", source: PackageResources.publish_lua)
    package static let lowerCapacity = RedisScript(name: "lower_capacity", source: PackageResources.lower_capacity_lua)
    package static let close = RedisScript(name: "close", source: PackageResources.close_lua)
    package static let discardHolds = RedisScript(name: "discard_holds", source: PackageResources.discard_holds_lua)
    // The queue.
    package static let take = RedisScript(name: "take", source: PackageResources.take_lua)
    package static let expired = RedisScript(name: "expired", source: PackageResources.expired_lua)
    package static let reclaim = RedisScript(name: "reclaim", source: PackageResources.reclaim_lua)
    package static let renew = RedisScript(name: "renew", source: PackageResources.renew_lua)
    package static let acknowledge = RedisScript(name: "acknowledge", source: PackageResources.acknowledge_lua)
    package static let requeue = RedisScript(name: "requeue", source: PackageResources.requeue_lua)
    package static let noteWorker = RedisScript(name: "note_worker", source: PackageResources.note_worker_lua)
    package static let deleteRecords = RedisScript(name: "delete_records", source: PackageResources.delete_records_lua)

    // Reconciliation.
    package static let survey = RedisScript(name: "survey", source: PackageResources.survey_lua)
    package static let adjustCounts = RedisScript(name: "adjust_counts", source: PackageResources.adjust_counts_lua)
    package static let verify = RedisScript(name: "verify", source: PackageResources.verify_lua)
    package static let repair = RedisScript(name: "repair", source: PackageResources.repair_lua)
    // Recovery.
    package static let seal = RedisScript(name: "seal", source: PackageResources.seal_lua)
    package static let wipe = RedisScript(name: "wipe", source: PackageResources.wipe_lua)
    package static let open = RedisScript(name: "open", source: PackageResources.open_lua)
    package static let inspect = RedisScript(name: "inspect", source: PackageResources.inspect_lua)
    package static let extend = RedisScript(name: "extend", source: PackageResources.extend_lua)
    // Filling.
    package static let holdBackfill = RedisScript(name: "hold_backfill", source: PackageResources.hold_backfill_lua)
    package static let backfill = RedisScript(name: "backfill", source: PackageResources.backfill_lua)
    package static let endBackfill = RedisScript(name: "end_backfill", source: PackageResources.end_backfill_lua)

    package static let all = [
        claim, transition, publish, backfill, lowerCapacity, close, discardHolds, take, expired, reclaim, renew,
        acknowledge, deleteRecords,
        requeue, noteWorker, survey, adjustCounts, verify, repair, seal, wipe, open, inspect, extend, holdBackfill,
        endBackfill,
    ]
}
