"""What every step of a run is given: the open systems, the store, time and ids, and the report that it counts into."""
