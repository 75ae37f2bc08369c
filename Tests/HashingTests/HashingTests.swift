import Testing

@testable import Hashing

/// Test vectors of the RFCs.
@Suite struct HashingTests {
    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.filter { !$0.isWhitespace })
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    @Test func aDigestIsTheSHA256OfItsText() {
        let digest = SHA256Digest(Array("abc".utf8))
        #expect(digest.bytes == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(digest.first64Bits == 0xba78_16bf_8f01_cfea)
        #expect(digest.isEqual(to: SHA256Digest(Array("abc".utf8))))
        #expect(!digest.isEqual(to: SHA256Digest(Array("abd".utf8))))
        #expect(digest.isEqual(to: digest.bytes))
        #expect(!digest.isEqual(to: Array(digest.bytes.dropLast())))
        #expect(!digest.isEqual(to: digest.bytes + [0]))
        #expect(!digest.isEqual(to: []))
        #expect(digest.begins(with: digest.bytes[...]))
        #expect(digest.begins(with: digest.bytes.prefix(16)))
        #expect(!digest.begins(with: digest.bytes.dropFirst()))
        #expect(!digest.begins(with: (digest.bytes + [0])[...]))
    }

    @Test(arguments: [0, 5, 32, 56, 64, 100])
    func aPrefixHasTheDigestOfTheWholeText(size: Int) {
        let start = (0..<size).map { UInt8($0) }
        let prefix = SHA256Prefix(start)
        for number in [UInt64(0), 1, 0x0102_0304_0506_0708, .max] {
            let text = start + withUnsafeBytes(of: number.bigEndian) { Array($0) }
            #expect(prefix.digest(appending: number).bytes == SHA256Digest(text).bytes)
        }
    }

    /// RFC 4231, test cases 1, 2, 4 and 6: keys shorter and longer than a block.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func aCodeIsTheHMAC(key: [UInt8], text: String, code: String) {
        let function = HMACSHA256(key: key)
        #expect(function.code { $0.append(text) }.bytes == bytes(code))
        let inParts = function.code { message in
            for character in text { message.append(String(character)) }
        }
        #expect(inParts.bytes == bytes(code))
        let byByte = function.code { message in for byte in text.utf8 { message.append(byte) } }
        #expect(byByte.bytes == bytes(code))
        // A code does not depend on the codes before it.
        #expect(function.code { $0.append(text) }.bytes == bytes(code))
    }

    /// RFC 8032, section 7.1, tests 1 and 2.
    @Test(arguments: [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            """
            e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
            """
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            """
            92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
            """
        ),
    ])
    func aSignatureOfEd25519IsVerified(key: String, message: String, signature: String) throws {
        let publicKey = try #require(Ed25519PublicKey(bytes(key)))
        let (message, signature) = (bytes(message), bytes(signature))
        #expect(publicKey.isValid(signature, of: message))
        #expect(!publicKey.isValid(signature, of: message + [0]))
        #expect(!publicKey.isValid(Array(signature.dropLast()), of: message))
        #expect(!publicKey.isValid(signature + [0], of: message))
        #expect(!publicKey.isValid([], of: message))
        for index in [0, 31, 32, 63] {
            var damaged = signature
            damaged[index] ^= 1
            #expect(!publicKey.isValid(damaged, of: message))
        }
        #expect(Ed25519PublicKey(Array(bytes(key).dropLast())) == nil)
        #expect(Ed25519PublicKey(bytes(key) + [0]) == nil)
    }
}
