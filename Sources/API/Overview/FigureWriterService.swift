import ServiceLifecycle

/// Writes the figures of this process at the end of each interval. When the shutdown has reached it, the server has answered its
/// requests, and what it has counted until then is written.
struct FigureWriterService: Service {
    let writer: FigureWriter

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                do { try await Task.sleep(for: .milliseconds(await writer.rest)) } catch { return }
                await writer.intervalHasEnded()
            }
        }
        await writer.intervalHasEnded()
    }
}
