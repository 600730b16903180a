# SPDX-License-Identifier: MIT
"""A stand-in for IAM and STS on loopback: moto's server on a port of the
kernel's choice, which is the first line of output.  It ends when its standard
input does."""

import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
