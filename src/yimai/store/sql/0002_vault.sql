-- Personal data, encrypted under one key a person; the keys are wrapped by a key that lies outside the database.

CREATE SCHEMA vault;

CREATE TABLE vault.person (
    person text COLLATE "C" PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('active', 'restricted', 'destroyed')),
    wrapped_key bytea,
    wrapped_by bytea NOT NULL,
    CHECK ((state = 'destroyed') = (wrapped_key IS NULL))
);

CREATE TABLE vault.record (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text COLLATE "C" NOT NULL REFERENCES vault.person,
    name text COLLATE "C" NOT NULL,
    ciphertext bytea NOT NULL
);
CREATE INDEX record_person ON vault.record (person, name, number);

GRANT USAGE ON SCHEMA vault TO yimai_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA vault TO yimai_app;
