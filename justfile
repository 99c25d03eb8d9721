# Every recipe is one line that you can type as well; `.ci/run` runs them all on a bare machine.

default:
    @just --list

# Everything that the build checks
check:
    .ci/run

test *args:
    uv run pytest {{args}}

lint:
    uv run ruff check . && uv run ruff format --check . && uv run mypy && uv run lint-imports

format:
    uv run ruff check --fix . && uv run ruff format .

demo *args:
    uv run crm-bridge demo {{args}}

# Kill a sync with -9 at thirty random places (the build does two): minutes, not seconds
kills rounds="30":
    CRM_BRIDGE_KILLS={{rounds}} uv run pytest tests/system/test_killed_syncs.py

# Prove the engine with more stories than the build tries: minutes, not seconds
prove stories="500":
    CRM_BRIDGE_STORIES={{stories}} uv run pytest tests/integration/test_proof.py

# Write the tested versions to requirements.txt and pyproject.toml; `just pin --upgrade` takes newer ones
pin *args:
    .ci/pin {{args}}
