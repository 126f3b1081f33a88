-- The second database, for Rasa's trackers; the first one is POSTGRES_DB's. Runs once, when the volume is new.
CREATE DATABASE rasa;
