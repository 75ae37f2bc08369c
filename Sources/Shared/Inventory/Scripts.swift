/// The Lua scripts of this package.
public enum Scripts {
    // Orders.
    static let claim = RedisScript(name: "claim", source: PackageResources.claim_lua)
    static let transition = RedisScript(name: "transition", source: PackageResources.transition_lua)
    // Events.
    static let publish = RedisScript(name: "publish", source: PackageResources.publish_lua)
    static let lower = RedisScript(name: "lower", source: PackageResources.lower_lua)
    static let close = RedisScript(name: "close", source: PackageResources.close_lua)
    static let drop = RedisScript(name: "drop", source: PackageResources.drop_lua)
    // The queue.
    static let take = RedisScript(name: "take", source: PackageResources.take_lua)
    static let expired = RedisScript(name: "expired", source: PackageResources.expired_lua)
    static let reclaim = RedisScript(name: "reclaim", source: PackageResources.reclaim_lua)
    static let renew = RedisScript(name: "renew", source: PackageResources.renew_lua)
    static let acknowledge = RedisScript(name: "acknowledge", source: PackageResources.acknowledge_lua)
    static let requeue = RedisScript(name: "requeue", source: PackageResources.requeue_lua)
    static let seen = RedisScript(name: "seen", source: PackageResources.seen_lua)
    static let forget = RedisScript(name: "forget", source: PackageResources.forget_lua)

    // Reconciliation.
    static let survey = RedisScript(name: "survey", source: PackageResources.survey_lua)
    static let adjust = RedisScript(name: "adjust", source: PackageResources.adjust_lua)
    static let verify = RedisScript(name: "verify", source: PackageResources.verify_lua)
    static let mend = RedisScript(name: "mend", source: PackageResources.mend_lua)
    // Recovery.
    static let seal = RedisScript(name: "seal", source: PackageResources.seal_lua)
    static let wipe = RedisScript(name: "wipe", source: PackageResources.wipe_lua)
    static let open = RedisScript(name: "open", source: PackageResources.open_lua)
    static let inspect = RedisScript(name: "inspect", source: PackageResources.inspect_lua)
    static let extend = RedisScript(name: "extend", source: PackageResources.extend_lua)
    // Filling.
    static let holdFilling = RedisScript(name: "hold_filling", source: PackageResources.hold_filling_lua)
    static let fill = RedisScript(name: "fill", source: PackageResources.fill_lua)
    static let endFilling = RedisScript(name: "end_filling", source: PackageResources.end_filling_lua)

    public static let all = [
        claim, transition, publish, fill, lower, close, drop, take, expired, reclaim, renew, acknowledge, forget,
        requeue, seen, survey, adjust, verify, mend, seal, wipe, open, inspect, extend, holdFilling, endFilling,
    ]
}
