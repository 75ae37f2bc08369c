@testable import Domain

/// What passes are good for.
extension RoomVerdict {
    mutating func checkPasses(_ requests: [RoomRequest], _ sightings: [Sighting], _ state: RoomState) {
        checkEnds(sightings, state)
        checkPurchases(requests, state)
    }

    private mutating func checkEnds(_ sightings: [Sighting], _ state: RoomState) {
        var passes: [RoomPlace: [(pass: RoomPass, ended: Int64)]] = [:]
        for sighting in sightings.sorted(by: { $0.ended < $1.ended }) {
            let place = sighting.place
            if case .admitted(let pass) = sighting.standing {
                if pass.number != place.number { twoPasses.append("\(place.number) has the pass of \(pass.number)") }
                if let last = passes[place]?.last, last.pass.end != pass.end,
                    !state.hasLoss(last.ended...max(last.ended, sighting.ended))
                {
                    twoPasses.append("\(place.number) until \(last.pass.end) and until \(pass.end)")
                }
                passes[place, default: []].append((pass, sighting.ended))
            }
            // The end is measured with the Redis server's clock, which is that of the test.
            if sighting.standing == .expired, let last = passes[place]?.last, sighting.ended < last.pass.end {
                shortPasses.append("\(place.number) until \(last.pass.end) had ended at \(sighting.ended)")
            }
        }
    }

    private mutating func checkPurchases(_ requests: [RoomRequest], _ state: RoomState) {
        var units: [RoomPlace: Int] = [:]
        var possible: [RoomPlace: Int] = [:]
        var orders: Set<OrderID> = []
        for request in requests.sorted(by: { $0.ended < $1.ended }) {
            guard case .buy(let place, let pass, let quantity) = request.kind else { continue }
            switch request.outcome {
            case .bought(let id):
                guard orders.insert(id).inserted else { continue }
                bought += 1
                units[place, default: 0] += quantity
                possible[place, default: 0] += quantity
            case .unknown: possible[place, default: 0] += quantity
            case .refused("pass-expired"):
                if request.ended < pass.end { shortPasses.append("\(place.number) bought nothing before \(pass.end)") }
            case .refused("pass-required"), .refused("pass-invalid"):
                shortPasses.append("the pass of \(place.number) was refused: \(request.outcome)")
            case .refused("pass-used"):
                if possible[place, default: 0] + quantity <= state.maxQuantity {
                    miscounted.append("\(place.number) could not buy \(quantity) more")
                }
            case .refused, .standing: break
            }
        }
        // What was bought with a pass is forgotten if Redis loses it.
        let most = state.maxQuantity * (1 + state.losses.count)
        miscounted += units.filter { $0.value > most }.map { "\($0.key.number) bought \($0.value)" }
    }
}
