-- options: from=postgresql
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN short AS character varying(3);
CREATE DOMAIN shorter AS short;
CREATE TABLE t (
  id bigint PRIMARY KEY,
  a numeric(5, -2),
  b numeric,
  c numeric(3, 5) DEFAULT (0.001),
  d timestamp(3) with time zone DEFAULT (now() AT TIME ZONE 'utc'),
  e time without time zone DEFAULT '01:02:03'::time without time zone,
  f int[3][] DEFAULT '{}'::int[],
  g int ARRAY DEFAULT NULL,
  h mood DEFAULT 'ok'::mood,
  i pair,
  j shorter DEFAULT ('a'::text),
  k pg_catalog.int4 DEFAULT '-4'::integer,
  l bytea DEFAULT '\x4142'::bytea,
  m text[] DEFAULT '{1}'::text[],
  n boolean DEFAULT 'yes'::boolean,
  o timestamp with time zone DEFAULT '2020-01-02 03:04:05+00'::timestamp with time zone,
  p double precision DEFAULT '1e3'::double precision,
  q character(2) DEFAULT 'q '::bpchar,
  r float(24) DEFAULT 1,
  s float(25) DEFAULT 1
);
