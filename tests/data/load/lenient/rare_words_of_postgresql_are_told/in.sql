-- PostgreSQL database dump
CREATE SCHEMA rare;
CREATE DOMAIN rare.moment AS timestamp WITHOUT TIME ZONE;
CREATE DOMAIN rare.instant AS timestamp WITH TIME ZONE;
CREATE TABLE rare.a (
    id integer NOT NULL,
    b rare.moment,
    c rare.instant,
    d character large object,
    f timestamp DEFAULT (now()::timestamptz AT TIME ZONE 'utc'),
    g timestamp DEFAULT (now() AT TIME ZONE 'cet'),
    h timestamp DEFAULT (now() AT TIME ZONE utc),
    i text DEFAULT (a AT b c 'd'),
    j text DEFAULT concat('ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää', 'aääääääääää', 'x'),
    k text DEFAULT lower('ab')
);
ALTER TABLE ONLY rare.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);
COMMENT ON COLUMN rare.a."no such" IS 'x';
COMMENT ON COLUMN rare.a.b IS E'a\rb\r\nc';
COPY rare.a (id) FROM stdin;
1
\.x
2
\.
COPY rare.a (id) FROM stdin;
\.