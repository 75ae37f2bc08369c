import Glibc
import Synchronization

/// The ports that were returned, so that two tests never get the same port.
private let used = Mutex<Set<UInt16>>([])

/// A free TCP port of the loopback interface. It is below the range that the kernel uses for outgoing connections, so
/// that it is still free when a program that was killed starts again.
package func freePort() throws -> Int {
    for _ in 0..<1000 {
        let port = UInt16.random(in: 12_000...32_000)
        // Close-on-exec: a child process that another test starts at this moment would keep the port.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isFree = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        if isFree, used.withLock({ $0.insert(port).inserted }) { return Int(port) }
    }
    throw GaveUp(description: "no free port")
}
