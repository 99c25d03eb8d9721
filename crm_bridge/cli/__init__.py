"""The command ``crm-bridge``: one file a command; each reads its arguments, asks the bridge, and shows the answer."""
