"""``crm-bridge demo``: four stand-in systems, invented clients between them, and the bridge doing its job.

``people`` makes the sample from ``names``; ``portraits``, ``shapes`` and ``spread`` put it into the systems;
``input_file`` reads a user's own data; ``workdir`` prepares the directory, ``stand`` runs the systems, ``scenario``
plays the scenes, and ``checks`` and ``evaluation`` judge what came out.
"""
