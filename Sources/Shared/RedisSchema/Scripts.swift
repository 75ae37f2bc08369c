package import RedisClient

/// The Lua scripts of the sale, as connections load them.
package enum Scripts {
    package static let all: [RedisScript] = [
        // Orders.
        ClaimScript.lua, TransitionScript.lua, WaitScript.lua, OfferScript.lua, PlaceScript.lua,
        // Waiting rooms.
        JoinScript.lua, AdmitScript.lua,
        // The queue.
        TakeScript.lua, ExpiredScript.lua, ReclaimScript.lua, RenewScript.lua, AcknowledgeScript.lua,
        RequeueScript.lua, NoteWorkerScript.lua, DeleteRecordsScript.lua,
        // Events.
        PublishScript.lua, LowerCapacityScript.lua, CloseEventScript.lua, DiscardHoldsScript.lua,
        RemoveEventScript.lua,
        // Reconciliation.
        SurveyScript.lua, SurveySliceScript.lua, AdjustCountsScript.lua, VerifyScript.lua, RepairScript.lua,
        // Recovery and backfill.
        InspectScript.lua, SealScript.lua, WipeScript.lua, OpenScript.lua, ExtendScript.lua, HoldBackfillScript.lua,
        BackfillScript.lua, EndBackfillScript.lua,
    ].map(\.script)
}
