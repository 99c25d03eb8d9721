"""``python -m crm_bridge``: the same as the command ``crm-bridge``."""

from crm_bridge.cli.main import run

if __name__ == "__main__":
    run()
