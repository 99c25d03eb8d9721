"""A stand-in for Siebel, built from documents and WSDLs; it was never compared with a live Siebel.

:class:`crm_bridge_siebel.simulator.stand_in.SiebelSimulator` is the whole of it. Nothing is imported here, so that
the list of simulators can be shown where the extra ``siebel`` is not installed.
"""
