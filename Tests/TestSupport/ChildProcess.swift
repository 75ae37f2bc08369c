import CSpawn
import Glibc
import Synchronization

/// A child process, which inherits no open files but its standard streams.
///
/// Foundation's `Process` of Swift 6.3 is not used: on Linux it copies 256 bytes of each shorter entry of `/proc/self/fd`.
/// With more than 1,350 open files that can end beyond the last page (swift-corelibs-foundation, issue 5472), and with
/// thousands it is slow.
package final class ChildProcess: Sendable {
    package let id: Int32
    /// How it ended; nil while it is not known to have ended. The lock is held while a signal is sent, because the kernel
    /// may give the number to another process after `waitpid` has returned it.
    private let ending = Mutex<Ending?>(nil)

    /// Children whose object is gone before they ended.
    private static let orphans = Mutex<[Int32]>([])

    package enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)

        fileprivate init(_ status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        }
    }

    /// Starts an executable.
    ///
    /// - Parameters:
    ///   - executable: its path.
    ///   - arguments: without the name of the program.
    ///   - environment: nil for that of this process.
    ///   - directory: its working directory; nil for that of this process.
    ///   - input: the descriptor of its standard input; nil for none.
    ///   - output: the descriptor of its standard output; nil for none.
    ///   - errors: the descriptor of its standard error; nil for none.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil, directory: String? = nil,
        input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil
    ) throws {
        Self.orphans.withLock { $0.removeAll { waitpid($0, nil, WNOHANG) != 0 } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, output, errors].enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
            }
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that Ctrl-C ends the test process and then what it started; no signal is ignored or
        // blocked because this process does so.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let variables = environment.map { $0.map { "\($0)=\($1)" } }
        var child: pid_t = 0
        let error = withCStrings([executable] + arguments) { arguments in
            withCStrings(variables ?? []) { variables in
                posix_spawn(
                    &child, executable, &actions, &attributes, arguments, environment == nil ? environ : variables)
            }
        }
        guard error == 0 else {
            throw GaveUp(description: "cannot start \(executable): \(String(cString: strerror(error)))")
        }
        id = child
    }

    /// How the process ended; nil while it runs.
    package var end: Ending? { ending.withLock { refresh(&$0) } }

    package var isAlive: Bool { end == nil }

    /// Sends a signal, unless the process has ended.
    package func signal(_ number: Int32) {
        ending.withLock { if refresh(&$0) == nil { kill(id, number) } }
    }

    private func refresh(_ ending: inout Ending?) -> Ending? {
        var status: Int32 = 0
        if ending == nil, waitpid(id, &status, WNOHANG) == id { ending = Ending(status) }
        return ending
    }

    deinit {
        let id = id
        if isAlive { Self.orphans.withLock { $0.append(id) } }
    }
}

/// Calls `body` with a list of C strings that ends with nil, as `argv` does. The list is valid during the call.
private func withCStrings<Value>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var strings = texts.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    return strings.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the list has at least one element") }
        return body(base)
    }
}
