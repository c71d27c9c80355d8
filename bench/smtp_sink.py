"""A mail server that takes everything and keeps nothing, as little of one as there can be: it must not be what is measured.

`python -m bench.smtp_sink` prints its port. A process of its own, so that it shares no interpreter with who sends.
"""

import socket
import threading

ANSWERS = {b"DATA": b"354 go on\r\n", b"EHLO": b"250-sink\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}
OK, END = b"250 OK\r\n", b"\r\n.\r\n"


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            client, _ = listening.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=take, args=(client,), daemon=True).start()


def take(client: socket.socket) -> None:
    with client:
        client.sendall(b"220 sink\r\n")
        while said := client.recv(65536):
            verb = said[:4].upper()
            client.sendall(ANSWERS.get(verb, OK))
            if verb == b"DATA":
                _take_email(client)


def _take_email(client: socket.socket) -> None:
    received = b""
    while not received.endswith(END):
        if not (said := client.recv(65536)):
            return
        received += said
    client.sendall(OK)


if __name__ == "__main__":
    main()
