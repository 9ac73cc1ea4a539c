# Short names for what is done often. `just` is optional: every line runs in a shell as it stands.

# Everything that continuous integration runs.
ci:
    .ci/run

# All tests, installing what they need.
test:
    ./test

# Formatting, lints and unit tests.
quick:
    ./test --quick

# Kills the program so often while it works, and checks that nothing was lost, done twice or paid twice.
chaos kills="200" *more:
    cargo build -p orion-host --features orion-host/faults
    cargo run -q -p orion-chaos -- --orion target/debug/orion --kills {{kills}} {{more}}

# The API against its own description, for longer than in `./test`.
fuzz examples="200" seconds="1800":
    target/venv/bin/python tests/fuzz_api.py target/release/orion --examples {{examples}} --seconds {{seconds}}

# The files of deploy/, held against every tool that is installed.
deploy-check:
    PYTHON=target/venv/bin/python deploy/check

# The sample video.
sample:
    ./orion create --feed samples/feed.xml

# The contact sheets of examples/gallery: fifteen videos in several scripts, shapes, templates and layouts.
gallery:
    cargo run --release -p orion-examples --example gallery -- examples/gallery

# The documentation, opened in a browser.
doc:
    cargo doc --workspace --no-deps --open
