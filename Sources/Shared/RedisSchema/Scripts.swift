import RedisClient

/// The Lua scripts of this package.
package enum Scripts {
    // Orders.
    package static let claim = RedisScript(name: "claim", source: PackageResources.claim_lua)
    package static let transition = RedisScript(name: "transition", source: PackageResources.transition_lua)
    // Events.
    package static let publish = RedisScript(name: "publish", source: PackageResources.publish_lua)
    package static let lower = RedisScript(name: "lower", source: PackageResources.lower_lua)
    package static let close = RedisScript(name: "close", source: PackageResources.close_lua)
    package static let drop = RedisScript(name: "drop", source: PackageResources.drop_lua)
    // The queue.
    package static let take = RedisScript(name: "take", source: PackageResources.take_lua)
    package static let expired = RedisScript(name: "expired", source: PackageResources.expired_lua)
    package static let reclaim = RedisScript(name: "reclaim", source: PackageResources.reclaim_lua)
    package static let renew = RedisScript(name: "renew", source: PackageResources.renew_lua)
    package static let acknowledge = RedisScript(name: "acknowledge", source: PackageResources.acknowledge_lua)
    package static let requeue = RedisScript(name: "requeue", source: PackageResources.requeue_lua)
    package static let seen = RedisScript(name: "seen", source: PackageResources.seen_lua)
    package static let forget = RedisScript(name: "forget", source: PackageResources.forget_lua)

    // Reconciliation.
    package static let survey = RedisScript(name: "survey", source: PackageResources.survey_lua)
    package static let adjust = RedisScript(name: "adjust", source: PackageResources.adjust_lua)
    package static let verify = RedisScript(name: "verify", source: PackageResources.verify_lua)
    package static let mend = RedisScript(name: "mend", source: PackageResources.mend_lua)
    // Recovery.
    package static let seal = RedisScript(name: "seal", source: PackageResources.seal_lua)
    package static let wipe = RedisScript(name: "wipe", source: PackageResources.wipe_lua)
    package static let open = RedisScript(name: "open", source: PackageResources.open_lua)
    package static let inspect = RedisScript(name: "inspect", source: PackageResources.inspect_lua)
    package static let extend = RedisScript(name: "extend", source: PackageResources.extend_lua)
    // Filling.
    package static let holdFilling = RedisScript(name: "hold_filling", source: PackageResources.hold_filling_lua)
    package static let fill = RedisScript(name: "fill", source: PackageResources.fill_lua)
    package static let endFilling = RedisScript(name: "end_filling", source: PackageResources.end_filling_lua)

    package static let all = [
        claim, transition, publish, fill, lower, close, drop, take, expired, reclaim, renew, acknowledge, forget,
        requeue, seen, survey, adjust, verify, mend, seal, wipe, open, inspect, extend, holdFilling, endFilling,
    ]
}
