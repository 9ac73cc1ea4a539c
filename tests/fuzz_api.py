#!/usr/bin/env python3
"""Holds the running API against its own OpenAPI document with schemathesis: no 5xx, no answer that breaks the document.

    python tests/fuzz_api.py BINARY [--examples N] [--seconds N]

Starts the program on a free port with data of its own, signs an administrator in, and lets schemathesis call every
operation. Calls that would end the session that it works with are left out.
"""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PASSWORD = "correct horse battery staple"
# These end the session of the test, or lock its user out; the last two answer that a part is not there.
LEFT_OUT = [
    "/api/v1/auth/logout",
    "/api/v1/identity/users/me/password",
    "/api/v1/identity/users/me/sessions",
    "/api/v1/identity/users/me/sessions/{id}",
    "/api/v1/system/gpu",
    "/api/v1/editor/captions",
]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url: str, child: subprocess.Popen) -> None:
    for _ in range(300):
        if child.poll() is not None:
            sys.exit(f"the program ended with {child.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("the program does not answer")


def sign_in(url: str) -> str:
    body = json.dumps({"email": "fuzz@example.org", "password": PASSWORD}).encode()
    request = urllib.request.Request(
        f"{url}/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--examples", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=180)
    options = parser.parse_args()
    binary = options.binary.resolve()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "HOME": folder,
            "ORION_DATA_DIR": f"{folder}/data",
            "ORION_PASSWORD": PASSWORD,
            "NO_COLOR": "1",
        }
        url = f"http://127.0.0.1:{free_port()}"
        create = [binary, "admin", "create", "--email", "fuzz@example.org", "--name", "Fuzz"]
        subprocess.run(create, env=environment, cwd=folder, check=True)
        settings = {
            "http.listen": url.removeprefix("http://"),
            "http.rate_factor": "1000000",
            "work.concurrent": "1",
            
            
            "offline": "true",
            "feeds": str(pathlib.Path(__file__).resolve().parents[1] / "samples" / "feed.xml"),
            "create.voice": "silent:",
            "create.seconds": "5",
            "create.quality": "draft",
        }
        arguments = [f"--set={name}={value}" for name, value in settings.items()]
        log_path = pathlib.Path(folder, "up.log")
        with open(log_path, "wb") as log:
            child = subprocess.Popen([binary, "up", *arguments], env=environment, cwd=folder, stderr=log)
            try:
                wait_until_ready(url, child)
                schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
                if not schemathesis.exists():
                    sys.exit("schemathesis is not installed: pip install schemathesis")
                command = [schemathesis, "run", f"{url}/openapi.json"]
                command += ["--header", f"Authorization:Bearer {sign_in(url)}", "--checks", CHECKS]
                command += ["--max-examples", str(options.examples), "--max-time", str(options.seconds)]
                command += ["--phases", "examples,coverage,fuzzing", "--seed", "1", "--request-timeout", "30"]
                command += ["--suppress-health-check", "all", "--no-color"]
                for path in LEFT_OUT:
                    command += ["--exclude-path", path]
                result = subprocess.run(command, env=environment, cwd=folder).returncode
                if child.poll() is not None:
                    print(f"the program ended with {child.returncode}", file=sys.stderr)
                    result = 1
            finally:
                child.terminate()
                try:
                    child.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        if result:
            sys.stderr.write(log_path.read_text(errors="replace")[-20000:])
        return result


if __name__ == "__main__":
    sys.exit(main())
