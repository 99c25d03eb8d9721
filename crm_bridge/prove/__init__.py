"""``crm-bridge prove``: the real engine over a site's own mappings and policies, with random edits and faults.

Systems become invented ones in memory that can do what their connectors declare; people edit them, calls break off,
the process dies, and an oracle that knows nothing of the bridge says whether an edit was lost.
"""
