import CLua

@testable import RedisClient

/// Runs the scripts as Redis does, in Lua 5.1. A closure executes the commands of `redis.call`. Not thread-safe.
///
/// The interpreter's pointers do not leave this class. A Lua error leaves a C function with a jump, which must not
/// cross frames of Swift. Therefore `redis.call` is a Lua function that raises the error that the Swift function
/// returns.
final class LuaInterpreter {
    /// Executes a command.
    typealias Call = ([String]) -> RESPValue

    private static let registry: Int32 = -10000
    private static let globals: Int32 = -10002
    private static let firstUpvalue: Int32 = -10003

    private static let prelude = """
        local raw = raw_call
        raw_call = nil
        redis = {
          call = function(...)
            local ok, value = raw(...)
            if not ok then error(value, 0) end
            return value
          end,
          error_reply = function(text) return { err = text } end,
          status_reply = function(text) return { ok = text } end,
        }
        """

    private let state: OpaquePointer
    private var chunks: [String: Int32] = [:]
    private var call: Call = { _ in .null }

    init() throws {
        guard let state = luaL_newstate() else { throw LuaFailure(text: "no memory") }
        self.state = state
        luaL_openlibs(state)
        lua_pushlightuserdata(state, Unmanaged.passUnretained(self).toOpaque())
        lua_pushcclosure(
            state,
            { state in
                guard let state, let pointer = lua_touserdata(state, LuaInterpreter.firstUpvalue) else { return 0 }
                return Unmanaged<LuaInterpreter>.fromOpaque(pointer).takeUnretainedValue().callRedis(state)
            }, 1)
        lua_setfield(state, Self.globals, "raw_call")
        guard luaL_loadstring(state, Self.prelude) == 0, lua_pcall(state, 0, 0, 0) == 0 else { throw failure() }
    }

    deinit { lua_close(state) }

    /// Runs a script.
    ///
    /// - Returns: the reply; an error if the script raised or returned one.
    func run(_ script: RedisScript, keys: [String], arguments: [String], call: @escaping Call) throws -> RESPValue {
        self.call = call
        defer { self.call = { _ in .null } }
        push(keys)
        lua_setfield(state, Self.globals, "KEYS")
        push(arguments)
        lua_setfield(state, Self.globals, "ARGV")
        lua_rawgeti(state, Self.registry, try chunk(script))
        guard lua_pcall(state, 0, 1, 0) == 0 else { return .error(failure().text) }
        defer { lua_settop(state, 0) }
        return value(at: -1, of: state)
    }

    /// The compiled script; each is compiled once. The first line is a directive for Redis and not Lua.
    private func chunk(_ script: RedisScript) throws -> Int32 {
        if let known = chunks[script.name] { return known }
        let source = "--" + script.source
        guard luaL_loadbuffer(state, source, source.utf8.count, script.name) == 0 else { throw failure() }
        let reference = luaL_ref(state, Self.registry)
        chunks[script.name] = reference
        return reference
    }

    /// Implements `redis.call`: returns whether the command succeeded, and its reply or the text of the error.
    private func callRedis(_ state: OpaquePointer) -> Int32 {
        var command: [String] = []
        for index in 1...max(lua_gettop(state), 1) { command.append(text(at: index, of: state)) }
        let reply = call(command)
        if case .error(let text) = reply {
            lua_pushboolean(state, 0)
            push(text, to: state)
        } else {
            lua_pushboolean(state, 1)
            push(reply, to: state)
        }
        return 2
    }

    private func failure() -> LuaFailure {
        defer { lua_settop(state, 0) }
        return LuaFailure(text: text(at: -1, of: state))
    }

    // MARK: Values, by Redis's rules

    private func text(at index: Int32, of state: OpaquePointer) -> String {
        if lua_type(state, index) == LUA_TNUMBER {
            let number = lua_tonumber(state, index)
            return number == number.rounded() && abs(number) < 9e15 ? String(Int64(number)) : "\(number)"
        }
        var length = 0
        guard let bytes = lua_tolstring(state, index, &length) else { return "" }
        return String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }

    private func value(at index: Int32, of state: OpaquePointer) -> RESPValue {
        switch lua_type(state, index) {
        case LUA_TSTRING: return .bulkString(Array(text(at: index, of: state).utf8))
        case LUA_TNUMBER: return .integer(Int64(lua_tonumber(state, index)))
        case LUA_TBOOLEAN: return lua_toboolean(state, index) == 1 ? .integer(1) : .null
        case LUA_TTABLE: break
        default: return .null
        }
        for field in ["err", "ok"] {
            lua_getfield(state, index, field)
            defer { lua_settop(state, -2) }
            guard lua_type(state, -1) == LUA_TSTRING else { continue }
            let text = text(at: -1, of: state)
            return field == "err" ? .error(text) : .simpleString(text)
        }
        var elements: [RESPValue] = []
        while true {
            lua_rawgeti(state, index, Int32(elements.count + 1))
            defer { lua_settop(state, -2) }
            guard lua_type(state, -1) != LUA_TNIL else { return .array(elements) }
            elements.append(value(at: lua_gettop(state), of: state))
        }
    }

    private func push(_ text: String, to state: OpaquePointer) {
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { lua_pushlstring(state, $0.baseAddress, bytes.count) }
        }
    }

    private func push(_ value: RESPValue, to state: OpaquePointer) {
        switch value {
        case .integer(let number): lua_pushnumber(state, lua_Number(number))
        case .bulkString(let bytes): push(String(decoding: bytes, as: UTF8.self), to: state)
        case .null: lua_pushboolean(state, 0)
        case .simpleString(let text):
            lua_createtable(state, 0, 1)
            push(text, to: state)
            lua_setfield(state, -2, "ok")
        case .error(let text): push(text, to: state)
        case .array(let elements):
            lua_createtable(state, Int32(elements.count), 0)
            for (index, element) in elements.enumerated() {
                push(element, to: state)
                lua_rawseti(state, -2, Int32(index + 1))
            }
        }
    }

    private func push(_ texts: [String]) {
        lua_createtable(state, Int32(texts.count), 0)
        for (index, text) in texts.enumerated() {
            push(text, to: state)
            lua_rawseti(state, -2, Int32(index + 1))
        }
    }
}

struct LuaFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}
