-- The ledger's tables and the only two doors that write them: ledger.append (yimai_app) and ledger.seal (yimai_sealer).
-- Every column beside the content, and every row of chain, head and claim, is derived here from the content's bytes.

CREATE SCHEMA ledger;

CREATE TABLE ledger.identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id text COLLATE "C" NOT NULL,
    simulated boolean NOT NULL
);

CREATE TABLE ledger.entry (
    arrival bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content bytea NOT NULL,
    hash bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    command text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    request bytea NOT NULL,
    occurred timestamptz NOT NULL,
    recorded timestamptz NOT NULL,
    CONSTRAINT entry_command UNIQUE (actor, command, ordinal)
);
CREATE INDEX entry_kind ON ledger.entry (kind, arrival);
CREATE INDEX entry_site ON ledger.entry (site, arrival);

CREATE TABLE ledger.chain (
    subject text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    arrival bigint NOT NULL,
    PRIMARY KEY (subject, sequence) INCLUDE (arrival)
);

-- A subject that was read while it had no entry keeps a row with sequence 0: something to lock.
CREATE TABLE ledger.head (
    subject text COLLATE "C" PRIMARY KEY,
    sequence bigint NOT NULL,
    hash bytea NOT NULL,
    recorded timestamptz
) WITH (fillfactor = 70);

CREATE TABLE ledger.claim (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    during tstzrange CHECK (NOT isempty(during)),
    entry bytea NOT NULL,
    CONSTRAINT claim_range EXCLUDE USING gist (kind WITH =, key WITH =, during WITH &&) WHERE (during IS NOT NULL)
);
CREATE UNIQUE INDEX claim_whole ON ledger.claim (kind, key) WHERE during IS NULL;

CREATE TABLE ledger.leaf (
    position bigint PRIMARY KEY,
    arrival bigint NOT NULL UNIQUE
);

CREATE TABLE ledger.seal (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    frontier bytea NOT NULL,
    sealed timestamptz NOT NULL
);

-- Where the sealer looks for entries without a position: every arrival up to low is sealed or was rolled back. All
-- arrivals up to pending were drawn by transactions older than pending_bound, so once those have ended, low may follow.
CREATE TABLE ledger.sealing (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    low bigint NOT NULL,
    pending bigint,
    pending_bound xid8
);
INSERT INTO ledger.sealing (low) VALUES (0);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger.% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.identity
    EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entry
    EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.chain
    EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.leaf
    EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.seal
    EXECUTE FUNCTION ledger.refuse_change();

-- Whoever says when: in a ledger that is not simulated nothing may be dated far from the database's clock.
CREATE FUNCTION ledger.check_clock(moment timestamptz, simulated boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moment IS NULL OR (NOT simulated AND abs(extract(epoch FROM moment - clock_timestamp())) > 60) THEN
        RAISE EXCEPTION 'recorded % is more than 60 s from the database''s clock %', moment, clock_timestamp()
            USING ERRCODE = 'YM006';
    END IF;
END $$;

-- Takes or frees what the contents claim, in order of kind and key so that two appends cannot wait for each other.
CREATE FUNCTION ledger.apply_claims(docs jsonb[], hashes bytea[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT c.claim, (c.claim->>'kind') COLLATE "C" AS kind, (c.claim->>'key') COLLATE "C" AS key,
               c.claim->>'move' AS move, d.hash,
               CASE WHEN c.claim->>'starts' IS NOT NULL AND c.claim->>'ends' IS NOT NULL
                    THEN tstzrange((c.claim->>'starts')::timestamptz, (c.claim->>'ends')::timestamptz) END AS during,
               (c.claim->>'starts' IS NULL) = (c.claim->>'ends' IS NULL) AS well_formed
        FROM unnest(docs, hashes) WITH ORDINALITY AS d (doc, hash, o),
             jsonb_array_elements(d.doc->'claims') WITH ORDINALITY AS c (claim, i)
        ORDER BY kind, key, d.o, c.i
    LOOP
        IF NOT moved.well_formed OR isempty(moved.during) OR moved.move NOT IN ('take', 'free') THEN
            RAISE EXCEPTION 'malformed claim %', moved.claim USING ERRCODE = 'YM006';
        ELSIF moved.move = 'take' THEN
            INSERT INTO ledger.claim VALUES (moved.kind, moved.key, moved.during, moved.hash) ON CONFLICT DO NOTHING;
        ELSIF moved.during IS NULL THEN
            DELETE FROM ledger.claim c WHERE c.kind = moved.kind AND c.key = moved.key AND c.during IS NULL;
        ELSE
            DELETE FROM ledger.claim c WHERE c.kind = moved.kind AND c.key = moved.key AND c.during = moved.during;
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'claim % refused', moved.claim
                USING ERRCODE = CASE moved.move WHEN 'take' THEN 'YM004' ELSE 'YM005' END, DETAIL = moved.claim::text;
        END IF;
    END LOOP;
END $$;

-- Holds a head that a writer read and does not advance: nobody can advance it before this transaction ends.
CREATE FUNCTION ledger.hold(read_subject text, read_sequence bigint, read_hash bytea)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR attempt IN 1..2 LOOP
        PERFORM FROM ledger.head h
            WHERE h.subject = read_subject AND h.sequence = read_sequence AND h.hash = read_hash FOR SHARE;
        IF FOUND THEN
            RETURN;
        END IF;
        EXIT WHEN read_sequence <> 0 OR read_hash <> decode(repeat('00', 32), 'hex');
        INSERT INTO ledger.head VALUES (read_subject, 0, read_hash, NULL) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
    RAISE EXCEPTION '% has changed since it was read', read_subject USING ERRCODE = 'YM003', DETAIL = read_subject;
END $$;

-- Moves a subject's head from where the writer read it to its last new entry.
CREATE FUNCTION ledger.advance(
    of_subject text, read_sequence bigint, read_hash bytea, new_sequence bigint, new_hash bytea, moment timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF read_sequence = 0 AND read_hash = decode(repeat('00', 32), 'hex') THEN
        INSERT INTO ledger.head AS h VALUES (of_subject, new_sequence, new_hash, moment)
        ON CONFLICT (subject) DO UPDATE SET sequence = new_sequence, hash = new_hash, recorded = moment
            WHERE h.sequence = 0;
    ELSE
        UPDATE ledger.head h SET sequence = new_sequence, hash = new_hash, recorded = moment
        WHERE h.subject = of_subject AND h.sequence = read_sequence AND h.hash = read_hash AND h.recorded <= moment;
    END IF;
    IF NOT FOUND THEN
        IF EXISTS (
            SELECT FROM ledger.head h WHERE h.subject = of_subject AND h.hash = read_hash AND h.recorded > moment
        ) THEN
            RAISE EXCEPTION '% is recorded before the entry that it follows', of_subject USING ERRCODE = 'YM006';
        END IF;
        RAISE EXCEPTION '% has changed since it was read', of_subject USING ERRCODE = 'YM003', DETAIL = of_subject;
    END IF;
END $$;

-- Locks and checks every head that was read, in order of subject so that two appends cannot wait for each other, and
-- advances those that entries link to.
--   One element for each link, in order of the entries: the subject, the entry's sequence number in it, the hash before
--   and the entry's own; a head that was only read has its own sequence number and hash, and no entry's.
CREATE FUNCTION ledger.follow_heads(
    subjects text[], sequences bigint[], previous bytea[], hashes bytea[], moment timestamptz
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    step record; current text; read_sequence bigint; read_hash bytea; reached bigint; reached_hash bytea;
BEGIN
    FOR step IN
        SELECT l.*, lead(l.subject) OVER in_order IS DISTINCT FROM l.subject AS last
        FROM unnest(subjects, sequences, previous, hashes)
            WITH ORDINALITY AS l (subject, sequence, previous, hash, o)
        WINDOW in_order AS (ORDER BY l.subject COLLATE "C", l.o)
    LOOP
        IF step.hash IS NULL THEN
            PERFORM ledger.hold(step.subject, step.sequence, step.previous);
            CONTINUE;
        ELSIF step.subject IS DISTINCT FROM current THEN
            current := step.subject;
            read_sequence := step.sequence - 1;
            read_hash := step.previous;
        ELSIF (step.sequence, step.previous) IS DISTINCT FROM (reached + 1, reached_hash) THEN
            RAISE EXCEPTION 'the links of % do not follow one another', current USING ERRCODE = 'YM006';
        END IF;
        reached := step.sequence;
        reached_hash := step.hash;
        IF step.last THEN
            PERFORM ledger.advance(current, read_sequence, read_hash, reached, reached_hash, moment);
        END IF;
    END LOOP;
END $$;

-- Returns the identity of the ledger; the first entry ever gives it.
CREATE FUNCTION ledger.identify(opening jsonb) RETURNS ledger.identity LANGUAGE plpgsql AS $$
DECLARE
    found ledger.identity;
BEGIN
    SELECT * INTO found FROM ledger.identity;
    IF found.id IS NULL THEN
        IF opening->>'kind' IS DISTINCT FROM 'ledger.opened.v1' THEN
            RAISE EXCEPTION 'the ledger has not been opened yet' USING ERRCODE = 'YM006';
        END IF;
        INSERT INTO ledger.identity (id, simulated)
        VALUES (opening->>'ledger', (opening->'data'->>'simulated')::boolean) RETURNING * INTO found;
    END IF;
    RETURN found;
END $$;

-- Appends the entries of one command, all or none.
--   contents: their canonical bytes in order; read_…: the heads that were read but that no content advances.
-- Errors: YM003 a head has moved (detail: the subject); YM004 claim taken, YM005 claim not held (detail: the claim);
-- YM006 contents that contradict themselves, the heads or the clock; 23505 on entry_command: the command was answered.
-- Heads and claims come before arrivals are drawn, so that in order of arrival every entry follows what it depends on.
CREATE FUNCTION ledger.append(contents bytea[], read_subjects text[], read_sequences bigint[], read_hashes bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    content bytea; doc jsonb; digest bytea; link jsonb; first jsonb; of_ledger ledger.identity; moment timestamptz;
    docs jsonb[] := '{}'; hashes bytea[] := '{}'; claiming boolean := false; drawn bigint;
    subjects text[] := read_subjects; sequences bigint[] := read_sequences; previous bytea[] := read_hashes;
    link_hashes bytea[] := array_fill(NULL::bytea, ARRAY[cardinality(read_subjects)]);
    arrivals bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(read_subjects)]);
BEGIN
    FOREACH content IN ARRAY contents LOOP
        doc := convert_from(content, 'UTF8')::jsonb;
        digest := sha256('\x00'::bytea || content);
        IF first IS NULL THEN
            first := doc;
            of_ledger := ledger.identify(doc);
            moment := (doc->>'recorded')::timestamptz;
            PERFORM ledger.check_clock(moment, of_ledger.simulated);
        END IF;
        IF (doc->>'v' = '1' AND doc->>'ledger' = of_ledger.id AND doc->>'ordinal' = cardinality(docs)::text
            AND doc->'recorded' = first->'recorded' AND doc->'actor' = first->'actor' AND doc->'site' = first->'site'
            AND doc->'command' = first->'command' AND doc->'request' = first->'request'
            AND jsonb_array_length(doc->'links') > 0) IS NOT TRUE
        THEN
            RAISE EXCEPTION 'the contents are not the entries of one command in this ledger' USING ERRCODE = 'YM006';
        END IF;
        docs := array_append(docs, doc);
        hashes := array_append(hashes, digest);
        claiming := claiming OR doc->'claims' <> '[]'::jsonb;
        FOR i IN 0 .. jsonb_array_length(doc->'links') - 1 LOOP
            link := doc->'links'->i;
            subjects := array_append(subjects, link->>'subject');
            sequences := array_append(sequences, (link->>'sequence')::bigint);
            previous := array_append(previous, decode(link->>'previous', 'hex'));
            link_hashes := array_append(link_hashes, digest);
        END LOOP;
    END LOOP;
    IF first IS NULL THEN
        RAISE EXCEPTION 'there is nothing to append' USING ERRCODE = 'YM006';
    END IF;
    PERFORM ledger.follow_heads(subjects, sequences, previous, link_hashes, moment);
    IF claiming THEN
        PERFORM ledger.apply_claims(docs, hashes);
    END IF;
    FOR i IN 1 .. cardinality(docs) LOOP
        doc := docs[i];
        INSERT INTO ledger.entry (content, hash, kind, actor, site, command, ordinal, request, occurred, recorded)
        VALUES (contents[i], hashes[i], doc->>'kind', doc->>'actor', doc->>'site', doc->>'command', i - 1,
                decode(doc->>'request', 'hex'), (doc->>'occurred')::timestamptz, moment)
        RETURNING arrival INTO drawn;
        FOR _ IN 1 .. jsonb_array_length(doc->'links') LOOP
            arrivals := array_append(arrivals, drawn);
        END LOOP;
    END LOOP;
    INSERT INTO ledger.chain (subject, sequence, arrival)
    SELECT l.* FROM unnest(subjects, sequences, arrivals) AS l (subject, sequence, arrival) WHERE l.arrival IS NOT NULL;
END $$;

-- Returns for each subject its head and the contents of the entries after those that the reader knows, all as of one
-- moment, with the database's clock. (A function so that the plan is made once; it may do no more than its caller.)
CREATE FUNCTION ledger.about(subjects text[], known bigint[])
RETURNS TABLE (now timestamptz, subject text, sequence bigint, hash bytea, contents bytea[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
-- The plan may be made while the tables are still empty, and is kept while they grow: it must go by the indexes.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT clock_timestamp(), w.subject, coalesce(h.sequence, 0), h.hash, CASE WHEN h.sequence > w.known THEN ARRAY(
        SELECT e.content FROM ledger.chain AS c JOIN ledger.entry AS e ON e.arrival = c.arrival
        WHERE c.subject = w.subject AND c.sequence > w.known ORDER BY c.sequence
    ) END
    FROM unnest(about.subjects, about.known) AS w (subject, known) LEFT JOIN ledger.head AS h ON h.subject = w.subject;
END $$;

-- Returns committed entries without a position, in order of arrival, at most so many; none is ever passed over, however
-- late it commits. Must be called first in its transaction, which then is the only sealer until it ends.
CREATE FUNCTION ledger.unsealed(most integer)
RETURNS TABLE (arrival bigint, hash bytea) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    drawn bigint; state ledger.sealing; settled boolean; returned bigint;
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'ledger.unsealed must be called first in its transaction';
    END IF;
    -- Every transaction that has drawn one of these arrivals had its number before we get ours.
    SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END INTO drawn FROM ledger.entry_arrival_seq AS s;
    SELECT * INTO state FROM ledger.sealing;
    IF drawn <= state.low THEN
        RETURN;
    END IF;
    SELECT * INTO state FROM ledger.sealing FOR UPDATE;
    IF state.pending_bound > pg_current_xact_id() THEN  -- restored into a younger database: that number means nothing
        state.pending_bound := NULL;
    END IF;
    settled := coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= state.pending_bound, false);
    RETURN QUERY SELECT e.arrival, e.hash FROM ledger.entry AS e
        WHERE e.arrival > state.low AND NOT EXISTS (SELECT FROM ledger.leaf AS l WHERE l.arrival = e.arrival)
        ORDER BY e.arrival LIMIT most;
    GET DIAGNOSTICS returned = ROW_COUNT;
    IF settled AND returned < most THEN
        UPDATE ledger.sealing SET low = state.pending, pending = drawn, pending_bound = pg_current_xact_id();
    ELSIF state.pending_bound IS NULL THEN
        UPDATE ledger.sealing SET pending = drawn, pending_bound = pg_current_xact_id();
    END IF;
END $$;

-- Gives these arrivals the positions after the last seal's size, in this order, and stores the root over all of them.
--   frontier: the roots of the perfect subtrees, largest first, 32 bytes each.
CREATE FUNCTION ledger.seal(arrivals bigint[], new_size bigint, new_root bytea, new_frontier bytea, moment timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size_before bigint; placed bigint;
BEGIN
    PERFORM FROM ledger.sealing FOR UPDATE;
    SELECT coalesce(max(s.size), 0) INTO size_before FROM ledger.seal AS s;
    IF cardinality(arrivals) = 0 OR new_size IS DISTINCT FROM size_before + cardinality(arrivals) THEN
        RAISE EXCEPTION 'a seal of % entries does not follow % with % more',
            new_size, size_before, cardinality(arrivals) USING ERRCODE = 'YM006';
    END IF;
    IF length(new_root) <> 32 OR length(new_frontier) <> 32 * bit_count(new_size::bit(64)) THEN
        RAISE EXCEPTION 'the root or the frontier of a seal has a wrong length' USING ERRCODE = 'YM006';
    END IF;
    PERFORM ledger.check_clock(moment, (SELECT i.simulated FROM ledger.identity AS i));
    INSERT INTO ledger.leaf (position, arrival)
    SELECT size_before + a.o, e.arrival FROM unnest(arrivals) WITH ORDINALITY AS a (arrival, o)
    JOIN ledger.entry AS e USING (arrival);
    GET DIAGNOSTICS placed = ROW_COUNT;
    IF placed <> cardinality(arrivals) THEN
        RAISE EXCEPTION 'a seal names entries that are not there' USING ERRCODE = 'YM006';
    END IF;
    INSERT INTO ledger.seal (size, root, frontier, sealed) VALUES (new_size, new_root, new_frontier, moment);
    PERFORM pg_notify('ledger', new_size::text);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO yimai_app, yimai_sealer;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO yimai_app, yimai_sealer;
GRANT EXECUTE ON FUNCTION ledger.append, ledger.about TO yimai_app;
GRANT EXECUTE ON FUNCTION ledger.unsealed, ledger.seal TO yimai_sealer;
