"""Tests a server with openpi's own WebsocketClientPolicy: client.py PORT SCENARIO; any failed check ends it with 1."""

import concurrent.futures
import http.client
import socket
import sys
import time

import msgpack
import numpy as np
import websockets.exceptions
import websockets.sync.client
from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PORT = int(sys.argv[1])
IMAGES = ("observation/images/corner2", "observation/images/wrist")
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
)


def connect():
    return WebsocketClientPolicy(host="127.0.0.1", port=PORT)


def observation(state=(1.0, 2.0, 3.0), prompt="lift", **changes):
    message = {key: np.full((96, 96, 3), 7, dtype=np.uint8) for key in IMAGES}
    message |= {"observation/state": np.array(state), "prompt": prompt}
    return {key: value for key, value in (message | changes).items() if value is not None}


def infer_fails(client, message):
    try:
        reply = client.infer(message)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"expected an error, got {reply}")


def check_actions(reply, state):
    """The test's policy returns [2, 4]: the state's columns and the row number, per row."""
    expected = np.array([[*state, row] for row in range(2)], dtype=np.float32)
    assert reply["actions"].dtype == np.float32 and np.array_equal(reply["actions"], expected), reply["actions"]


def closed_with(connection):
    try:
        while True:
            connection.recv(timeout=10)
    except websockets.exceptions.ConnectionClosed as closed:
        return closed.rcvd.code, closed.rcvd.reason


def converse():
    client = connect()
    metadata = client.get_server_metadata()
    assert metadata["protocol"] == "openpi", metadata
    assert metadata["observation"]["observation/images/wrist"] == {"shape": [96, 96, 3], "dtype": "uint8"}, metadata
    assert metadata["observation"]["prompt"] == {"shape": [], "dtype": "string"}
    assert metadata["action"]["horizon"] == 2 and metadata["action"]["dimension"] == 4 and metadata["fps"] == 20
    for number in range(20):
        state = (number, 2.5, -3.0)
        reply = client.infer(observation(state))
        check_actions(reply, state)
        assert reply["policy_timing"]["infer_ms"] >= 0
        assert reply["server_timing"]["infer_ms"] >= reply["policy_timing"]["infer_ms"]
        assert ("prev_total_ms" in reply["server_timing"]) == (number > 0), reply["server_timing"]
        assert 0 <= reply["server_timing"]["wait_ms"] <= reply["server_timing"]["observation_age_ms"]
        assert "request_id" not in reply
    assert metadata["state_names"] is None and metadata["action_names"] == ["x", "y", "z", "grip"]
    for identifier in (7, "frame 7", np.int64(-1), [1, {"a": b"b"}]):
        reply = client.infer(observation(request_id=identifier))
        assert reply["request_id"] == identifier, reply["request_id"]
    # An observation that is three seconds old, and a clock that differs by days.
    age = client.infer(observation(observation_time=time.time() - 3))["server_timing"]["observation_age_ms"]
    assert 2900 < age < 60_000, age
    for seconds in (time.time() - 1e6, time.time() + 1e6, 0, 1e300, -1e300):
        age = client.infer(observation(observation_time=seconds))["server_timing"]["observation_age_ms"]
        assert 0 <= age < 60_000, age
    client._ws.close()
    assert client._ws.close_code == 1000


def unread():
    """Keys that nobody reads hold what they like, and a prompt is any text."""
    client = connect()
    array = {b"__ndarray__": True, b"data": bytes(16), b"shape": [2]}
    extra = {
        "names": np.array(["left", "right"]), "complex": array | {b"dtype": "<c8"}, "objects": array | {b"dtype": "|O"},
        "records": array | {b"dtype": [["x", "<f8"]], b"kind": b"V"}, "when": msgpack.Timestamp(1, 0), "numbered": {1: 2}, "odd": {1.5: 2},
    }  # fmt: skip
    check_actions(client.infer(observation() | extra), (1, 2, 3))
    for prompt in (np.array("lift"), np.array(b"lift"), np.array(["lift"]), np.array("größer 🤖").astype(">U8")):
        check_actions(client.infer(observation(prompt=prompt)), (1, 2, 3))
    text = infer_fails(client, observation(request_id=7) | {"observation/state": array | {b"dtype": "|O"}})
    assert "observation/state: expected a state vector" in text and "dtype '|O'" in text and text.endswith("(request_id 7)"), text


def waits():
    """The wait of requests that are sent ahead is in their age; the handler takes a second for the first."""
    with websockets.sync.client.connect(f"ws://127.0.0.1:{PORT}", compression=None, max_size=None) as connection:
        connection.recv()
        connection.send(msgpack_numpy.packb(observation(prompt="slow")))
        time.sleep(0.2)
        connection.send(msgpack_numpy.packb(observation(request_id=2)))
        connection.recv()
        reply = msgpack_numpy.unpackb(connection.recv())
    times = reply["server_timing"]
    assert reply["request_id"] == 2 and times["wait_ms"] > 500 and times["observation_age_ms"] >= times["wait_ms"], times
    assert times["infer_ms"] < 500, times


def patient():
    """A client that neither reads nor pongs gets its reply, though that takes longer than a silent client is kept."""
    received = exchange(HANDSHAKE + frame(msgpack_numpy.packb(observation(prompt="slow"))), until=b"policy_timing")
    assert b"policy_timing" in received, received[-200:]


def frame(payload):
    return b"\x82\xff" + len(payload).to_bytes(8, "big") + bytes(4) + payload


def errors():
    other = connect()
    cases = [
        (observation(**{"observation/images/wrist": None}), "key 'observation/images/wrist' is missing"),
        (observation((1, float("nan"), 3)), "observation/state: element [1] is nan"),
        (observation((1.0, 2.0)), "observation/state: expected a state vector, float32 [3], found an array of float64 [2]"),
        (observation(prompt="fail"), "the gripper is on fire"),
        (observation(prompt="nan"), "actions: the policy predicted nan at step 1, column 2"),
        ([1, 2], "expected a map of named values, found a list of 2"),
    ]
    for message, expected in cases:
        client = connect()
        text = infer_fails(client, message)
        assert text.startswith("Error in inference server:\n") and expected in text, text
        code, reason = closed_with(client._ws)
        assert code == 1011 and reason, (code, reason)
        check_actions(other.infer(observation()), (1, 2, 3))


def refusals():
    client = connect()
    wrong = ("soon", 0, -1.5, float("nan"), True, None, [5], np.array([5.0]))
    cases = [{"deadline_ms": value} for value in wrong]
    cases += [{"seed": value} for value in ("7", 7.0, True, None, [7], np.array([7]))]
    for number, options in enumerate(cases):
        text = infer_fails(client, {**observation(), **options})
        assert f"{next(iter(options))}: expected" in text, text
        reply = client.infer(observation((number, 2, 3)) | {"deadline_ms": np.float32(20.0)})
        check_actions(reply, (number, 2, 3))
    client.infer(observation() | {"deadline_ms": 20, "seed": np.int64(-7)})


def raw(payload):
    with websockets.sync.client.connect(f"ws://127.0.0.1:{PORT}", compression=None, max_size=None) as connection:
        connection.recv()
        connection.send(payload)
        reply = connection.recv()
        return reply, closed_with(connection)


def malformed():
    random = np.random.default_rng(3)
    good = msgpack_numpy.packb(observation())
    for number in range(60):
        payload = bytearray(good[: random.integers(1, 400)]) if number % 2 else random.bytes(random.integers(0, 200))
        reply, (code, _) = raw(bytes(payload))
        assert isinstance(reply, str) and code == 1011, (reply, code)
    reply, (code, _) = raw("some text")
    assert "expected binary MessagePack, found text" in reply and code == 1011, reply
    check_actions(connect().infer(observation()), (1, 2, 3))


def framing():
    good = msgpack_numpy.packb(observation())
    with websockets.sync.client.connect(f"ws://127.0.0.1:{PORT}", compression="deflate", max_size=None) as connection:
        assert "Sec-WebSocket-Extensions" not in connection.response.headers
        connection.recv()
        connection.send([good[start : start + 5000] for start in range(0, len(good), 5000)])  # fragments
        check_actions(msgpack_numpy.unpackb(connection.recv()), (1, 2, 3))
        connection.send([good[:1], good[1:2], good[2:]])
        check_actions(msgpack_numpy.unpackb(connection.recv()), (1, 2, 3))
        assert connection.ping("are you there").wait(5)
        connection.send(msgpack_numpy.packb(observation(prompt="slow")))
        start = time.monotonic()
        assert connection.ping().wait(5) and time.monotonic() - start < 0.5, "a ping waited for an inference"
        check_actions(msgpack_numpy.unpackb(connection.recv()), (1, 2, 3))
        large = observation(extra=np.zeros(60 << 20, dtype=np.uint8))
        connection.send(msgpack_numpy.packb(large))
        check_actions(msgpack_numpy.unpackb(connection.recv(timeout=60)), (1, 2, 3))
    for payload in (bytes(65 << 20), [bytes(40 << 20), bytes(40 << 20)]):
        with websockets.sync.client.connect(f"ws://127.0.0.1:{PORT}", compression=None, max_size=None) as connection:
            connection.recv()
            try:
                connection.send(payload)
            except websockets.exceptions.ConnectionClosed:
                pass
            code, reason = closed_with(connection)
            assert code == 1009 and "64 MiB" in reason, (code, reason)


def many():
    def one(number):
        client = connect()
        for step in range(10):
            check_actions(client.infer(observation((number, step, 0.5))), (number, step, 0.5))

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(32)))


def silent():
    """The server pings twice every silent client; one that never answers is gone with the third silence."""
    alive = connect()
    received = exchange(HANDSHAKE, until=b"never")
    assert received.endswith(b"\x89\0\x89\0"), received
    assert exchange(b"", until=b"never") == b""
    time.sleep(1)
    check_actions(alive.infer(observation()), (1, 2, 3))


def get(path, method="GET", headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    connection.request(method, path, body=b"x" * 5000 if method == "POST" else None, headers=headers)
    response = connection.getresponse()
    return response.status, response.read().decode(), response.headers


def plain_http():
    assert get("/healthz")[:2] == (200, "OK\n")
    assert get("/healthz?verbose=1")[:2] == (200, "OK\n")
    assert get("/healthz", "HEAD")[:2] == (200, "")
    status, text, headers = get("/")
    assert status == 426 and headers["Upgrade"] == "websocket" and "websocket" in text, (status, text)
    assert get("/nothing")[0] == 404 and get("/nothing", "POST")[0] == 404
    assert get("/", headers={"Upgrade": "websocket", "Connection": "Upgrade"})[0] == 400  # no key
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OTAxMjM0NQ=="}
    assert get("/healthz", headers=upgrade | {"Sec-WebSocket-Version": "13"})[:2] == (200, "OK\n")
    way_in = b"This is a policy server: connect with openpi's websocket client"
    for garbage, status, words in [
        (b"\x16\x03\x01\x02\x00 no http at all\r\n\r\n", b"400", b"not wss:// or https://"),
        (b"\0\1hello\r\n\r\n", b"400", b"no HTTP request that can be read"),
        (b"GET / HTTP/1.1\nHost: x\n\n", b"400", b"no HTTP request that can be read"),
        (b"GET / HTTP/1.1\r\nCookie: " + b"a" * 200_000 + b"\r\n\r\n", b"431", b"headers of this request are too long"),
    ]:
        reply = exchange(garbage, until=way_in)
        assert reply.startswith(b"HTTP/1.1 " + status) and words in reply and way_in in reply, reply


def exchange(payload, until=None):
    """Sends raw bytes and returns what comes back, up to `until`; without it, hangs up at once."""
    received = b""
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as connection:
        try:
            connection.sendall(payload)
            if until is None:
                connection.shutdown(socket.SHUT_WR)
            while (until is None or until not in received) and (piece := connection.recv(1 << 16)):
                received += piece
        except ConnectionError:
            pass
    return received


def handshakes():
    """Requests that are nearly a websocket's, also with bytes behind them, and random damage."""
    lines = ["GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ=="]

    def request(body="", **changes):
        headers = {line.split(":")[0].split(" ")[0]: line for line in lines} | {key.replace("_", "-"): line for key, line in changes.items()}
        return ("\r\n".join(line for line in headers.values() if line) + "\r\n\r\n" + body).encode()

    frame = "\x82\x81\0\0\0\0\xc1"  # a masked binary message that is no MessagePack
    for good in (request(), request(Connection="Connection: keep-alive, Upgrade"), request(Connection="Connection: keep-alive\r\nConnection: Upgrade")):
        reply = exchange(good, until=b"openpi")
        assert reply.startswith(b"HTTP/1.1 101") and b"openpi" in reply, reply
    sentence = b"starts no MessagePack value"
    assert sentence in exchange(request() + frame.encode("latin1"), until=sentence)
    again = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    refused = [
        request("hello", Length="Content-Length: 5"), request(Connection=None), request(Connection="Connection: close"),
        request(again, Connection=None), request(Sec_WebSocket_Version="Sec-WebSocket-Version: 8"),
        request(Sec_WebSocket_Key=None), request(GET="POST / HTTP/1.1"), request(GET="GET / HTTP/1.0"),
        request(Connection="Connection: upgrade;q=1"), request("5\r\nhello\r\n0\r\n\r\n", Chunks="Transfer-Encoding: chunked"),
    ]
    for payload in refused:
        reply = exchange(payload, until=b"Sec-WebSocket-Key'.\n")
        assert reply.startswith(b"HTTP/1.1 400"), (payload, reply)
    random = np.random.default_rng(5)
    opened = request() + frame.encode("latin1")
    for number in range(150):
        payload = bytearray(opened + again.encode() if number % 3 == 0 else opened)
        for _ in range(random.integers(1, 5)):
            index = random.integers(0, len(payload))
            if random.integers(0, 2):
                payload[index] = random.integers(0, 256)
            else:
                del payload[index]
        exchange(bytes(payload))
    for number in range(100):
        exchange(request() + random.bytes(random.integers(1, 100)))
    check_actions(connect().infer(observation()), (1, 2, 3))


def vanish():
    """Leaves in the middle of an inference, and in the middle of a frame."""
    first = connect()
    first._ws.send(msgpack_numpy.packb(observation(prompt="slow")))
    first._ws.socket.shutdown(socket.SHUT_RDWR)
    second = connect()
    second._ws.socket.sendall(b"\x82\xff\x00\x00\x00\x00\x00\xff")
    second._ws.socket.shutdown(socket.SHUT_RDWR)
    check_actions(connect().infer(observation()), (1, 2, 3))


def leave():
    """Leaves in the middle of an inference that takes a day."""
    client = connect()
    client._ws.send(msgpack_numpy.packb(observation(prompt="never")))
    client._ws.socket.shutdown(socket.SHUT_RDWR)


def stopped():
    """Waits until the server says goodbye, one client idle and one with a request in progress."""
    early = socket.create_connection(("127.0.0.1", PORT), timeout=10)
    idle, busy = connect(), connect()
    busy._ws.send(msgpack_numpy.packb(observation(prompt="slow")))
    print("ready", flush=True)
    assert closed_with(idle._ws)[0] == 1001
    check_actions(msgpack_numpy.unpackb(busy._ws.recv(timeout=10)), (1, 2, 3))
    assert closed_with(busy._ws)[0] == 1001
    assert early.recv(1) == b""


def trickle():
    """A request of which a part has arrived when the server stops is replied to, as are those sent ahead."""
    whole = msgpack_numpy.packb(observation((4.0, 5.0, 6.0)))
    slow, ahead = connect(), connect()
    data = frame(whole)
    slow._ws.socket.sendall(data[:100])
    ahead._ws.send(msgpack_numpy.packb(observation(prompt="slow")))
    ahead._ws.send(msgpack_numpy.packb(observation((7.0, 8.0, 9.0))))
    check_actions(msgpack_numpy.unpackb(ahead._ws.recv(timeout=10)), (1, 2, 3))
    check_actions(msgpack_numpy.unpackb(ahead._ws.recv(timeout=10)), (7, 8, 9))
    assert closed_with(ahead._ws)[0] == 1001
    for start in range(100, len(data), 10_000):
        slow._ws.socket.sendall(data[start : start + 10_000])
    check_actions(msgpack_numpy.unpackb(slow._ws.recv(timeout=10)), (4, 5, 6))
    assert closed_with(slow._ws)[0] == 1001


def half():
    """A request that never arrives in full does not keep a server that stops."""
    late, busy = connect(), connect()
    late._ws.socket.sendall(frame(msgpack_numpy.packb(observation()))[:100])
    busy._ws.send(msgpack_numpy.packb(observation(prompt="slow")))
    assert closed_with(late._ws)[0] == 1001


def stuck():
    """Waits until the server closes the connection of a request that is never replied to."""
    client = connect()
    client._ws.send(msgpack_numpy.packb(observation(prompt="never")))
    try:
        client._ws.recv(timeout=60)
    except websockets.exceptions.ConnectionClosed:
        return
    raise AssertionError("expected a closed connection")


if __name__ == "__main__":
    globals()[sys.argv[2]]()
