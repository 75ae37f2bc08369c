#!/usr/bin/env python3
"""Checks the draw of a waiting room, with nothing but its public figures.

    curl -s https://tickets.example/events/EVENT/room | ./check-draw.py [COMMITMENT] [NUMBER...]

COMMITMENT is the one that the room had before the draw, if you kept it. For each NUMBER, the number of a place, the rank that
the draw gave it is printed. See docs/waiting-room.md.
"""
import hashlib
import hmac
import json
import sys


def ranks(seed: bytes, lobby: int) -> dict[int, int]:
    """The rank of each number of the lobby, from 1."""
    order = sorted(range(1, lobby + 1), key=lambda n: (hashlib.sha256(seed + n.to_bytes(8, "big")).digest(), n))
    return {number: rank for rank, number in enumerate(order, 1)}


def main() -> None:
    room = json.load(sys.stdin)
    if "draw" not in room:
        sys.exit("The lobby is not drawn yet; its commitment is " + room.get("commitment", "missing"))
    draw, arguments = room["draw"], sys.argv[1:]
    commitment = arguments.pop(0) if arguments and len(arguments[0]) == 64 else room["commitment"]
    secret = bytes.fromhex(draw["secret"])
    if hashlib.sha256(secret).hexdigest() != commitment:
        sys.exit("The secret is not the one that the commitment was made of.")
    text = f"draw|{room['event']}|{draw['generation']}|{draw['lobby']}"
    seed = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    if seed.hex() != draw["seed"]:
        sys.exit("The seed is not the one of this lobby.")
    print(f"The draw of {draw['lobby']} places is the one that was committed to.")
    if arguments:
        drawn = ranks(seed, draw["lobby"])
        for number in map(int, arguments):
            print(f"number {number}: rank {drawn.get(number, number)}")


if __name__ == "__main__":
    main()
