--
-- PostgreSQL database dump
--

\restrict x

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: HR; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA "HR";


ALTER SCHEMA "HR" OWNER TO postgres;

--
-- Name: audit; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA audit;


ALTER SCHEMA audit OWNER TO postgres;

--
-- Name: shop; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA shop;


ALTER SCHEMA shop OWNER TO postgres;

--
-- Name: SCHEMA shop; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON SCHEMA shop IS 'What is sold; to whom';


--
-- Name: address; Type: TYPE; Schema: shop; Owner: postgres
--

CREATE TYPE shop.address AS (
	street text,
	zip character varying(10)
);


ALTER TYPE shop.address OWNER TO postgres;

--
-- Name: email; Type: DOMAIN; Schema: shop; Owner: postgres
--

CREATE DOMAIN shop.email AS character varying(320) NOT NULL;


ALTER DOMAIN shop.email OWNER TO postgres;

--
-- Name: mood; Type: TYPE; Schema: shop; Owner: postgres
--

CREATE TYPE shop.mood AS ENUM (
    'sad',
    'ok',
    'happy; really'
);


ALTER TYPE shop.mood OWNER TO postgres;

--
-- Name: positive; Type: DOMAIN; Schema: shop; Owner: postgres
--

CREATE DOMAIN shop.positive AS integer
	CONSTRAINT positive_check CHECK ((VALUE > 0));


ALTER DOMAIN shop.positive OWNER TO postgres;

--
-- Name: add_one(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.add_one(x integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT (x + 1);
 SELECT
         CASE
             WHEN (x > 0) THEN x
             ELSE 0
         END AS "case";
END;


ALTER FUNCTION public.add_one(x integer) OWNER TO postgres;

--
-- Name: insert_one(integer); Type: PROCEDURE; Schema: public; Owner: postgres
--

CREATE PROCEDURE public.insert_one(IN x integer)
    LANGUAGE sql
    AS $$ INSERT INTO public.one_column VALUES (x); $$;


ALTER PROCEDURE public.insert_one(IN x integer) OWNER TO postgres;

--
-- Name: touch(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  -- CREATE TABLE public.not_a_table (id integer PRIMARY KEY);
  NEW.changed := now(); /* ' */
  RETURN NEW;
END;
$$;


ALTER FUNCTION public.touch() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: Employees; Type: TABLE; Schema: HR; Owner: postgres
--

CREATE TABLE "HR"."Employees" (
    "Id" integer NOT NULL,
    "FirstName" text NOT NULL,
    "Last Name" text,
    "order" integer,
    "Größe" integer,
    _hidden integer,
    salary money,
    comment text,
    "to" text
);


ALTER TABLE "HR"."Employees" OWNER TO postgres;

--
-- Name: Employees_Id_seq; Type: SEQUENCE; Schema: HR; Owner: postgres
--

CREATE SEQUENCE "HR"."Employees_Id_seq"
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE "HR"."Employees_Id_seq" OWNER TO postgres;

--
-- Name: Employees_Id_seq; Type: SEQUENCE OWNED BY; Schema: HR; Owner: postgres
--

ALTER SEQUENCE "HR"."Employees_Id_seq" OWNED BY "HR"."Employees"."Id";


--
-- Name: Sick Days; Type: TABLE; Schema: HR; Owner: postgres
--

CREATE TABLE "HR"."Sick Days" (
    id integer NOT NULL
);


ALTER TABLE "HR"."Sick Days" OWNER TO postgres;

--
-- Name: employees2; Type: TABLE; Schema: HR; Owner: postgres
--

CREATE TABLE "HR".employees2 (
    "Id" integer DEFAULT nextval('"HR"."Employees_Id_seq"'::regclass) NOT NULL,
    "FirstName" text NOT NULL,
    "Last Name" text,
    "order" integer,
    "Größe" integer,
    _hidden integer,
    salary money,
    comment text,
    "to" text
);


ALTER TABLE "HR".employees2 OWNER TO postgres;

--
-- Name: base; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.base (
    id integer NOT NULL,
    made timestamp without time zone DEFAULT now()
);


ALTER TABLE audit.base OWNER TO postgres;

--
-- Name: base_id_seq; Type: SEQUENCE; Schema: audit; Owner: postgres
--

CREATE SEQUENCE audit.base_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE audit.base_id_seq OWNER TO postgres;

--
-- Name: base_id_seq; Type: SEQUENCE OWNED BY; Schema: audit; Owner: postgres
--

ALTER SEQUENCE audit.base_id_seq OWNED BY audit.base.id;


--
-- Name: cache; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE UNLOGGED TABLE audit.cache (
    key text NOT NULL,
    value bytea
)
WITH (fillfactor='70');


ALTER TABLE audit.cache OWNER TO postgres;

--
-- Name: child; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.child (
    extra text
)
INHERITS (audit.base);


ALTER TABLE audit.child OWNER TO postgres;

--
-- Name: events; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.events (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    body json
)
PARTITION BY RANGE (at);


ALTER TABLE audit.events OWNER TO postgres;

--
-- Name: events_2025; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.events_2025 (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    body json
);


ALTER TABLE audit.events_2025 OWNER TO postgres;

--
-- Name: events_id_seq; Type: SEQUENCE; Schema: audit; Owner: postgres
--

ALTER TABLE audit.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit.events_id_seq
    START WITH 100
    INCREMENT BY 10
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: MixedCase; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public."MixedCase" (
    id integer NOT NULL,
    "camelCase" text
);


ALTER TABLE public."MixedCase" OWNER TO postgres;

--
-- Name: booleans; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.booleans (
    id integer NOT NULL,
    a boolean DEFAULT true,
    b boolean DEFAULT false,
    c boolean DEFAULT (NOT true)
);


ALTER TABLE public.booleans OWNER TO postgres;

--
-- Name: items; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.items (
    id integer NOT NULL,
    title text NOT NULL,
    price numeric(10,2) NOT NULL,
    weight real,
    volume double precision DEFAULT 1.5,
    stock smallint DEFAULT 0 NOT NULL,
    amount shop.positive DEFAULT 1,
    gross numeric(12,2) GENERATED ALWAYS AS ((price * 1.19)) STORED,
    parent integer,
    CONSTRAINT items_price_check CHECK ((price > (0)::numeric))
);


ALTER TABLE shop.items OWNER TO postgres;

--
-- Name: cheap; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.cheap AS
 SELECT items.id,
    items.title
   FROM shop.items
  WHERE (items.price < (10)::numeric);


ALTER TABLE public.cheap OWNER TO postgres;

--
-- Name: VIEW cheap; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON VIEW public.cheap IS 'A view';


--
-- Name: COLUMN cheap.title; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.cheap.title IS 'of a view';


--
-- Name: deferred; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.deferred (
    id integer NOT NULL,
    other integer
);


ALTER TABLE public.deferred OWNER TO postgres;

--
-- Name: exclusive; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.exclusive (
    id integer NOT NULL,
    during tsrange
);


ALTER TABLE public.exclusive OWNER TO postgres;

--
-- Name: has_trigger; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.has_trigger (
    id integer NOT NULL,
    changed timestamp without time zone
);


ALTER TABLE public.has_trigger OWNER TO postgres;

--
-- Name: json_defaults; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.json_defaults (
    id integer NOT NULL,
    a json DEFAULT '[]'::json,
    b jsonb DEFAULT '{}'::jsonb NOT NULL,
    c jsonb DEFAULT jsonb_build_object('a', 1)
);


ALTER TABLE public.json_defaults OWNER TO postgres;

--
-- Name: mixedcase; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.mixedcase (
    id integer NOT NULL
);


ALTER TABLE public.mixedcase OWNER TO postgres;

--
-- Name: nothing; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.nothing (
);


ALTER TABLE public.nothing OWNER TO postgres;

--
-- Name: numbers; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.numbers (
    id integer NOT NULL,
    a smallint DEFAULT '-1'::integer,
    b integer DEFAULT '-1'::integer,
    c bigint DEFAULT '9007199254740993'::bigint,
    d numeric,
    e numeric(38,10) DEFAULT 0.001,
    f numeric(50,10),
    g real DEFAULT 0.1,
    h double precision DEFAULT 'NaN'::double precision,
    i integer DEFAULT (1 + 2),
    j integer
);


ALTER TABLE public.numbers OWNER TO postgres;

--
-- Name: numbers_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.numbers_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.numbers_id_seq OWNER TO postgres;

--
-- Name: numbers_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.numbers_id_seq OWNED BY public.numbers.id;


--
-- Name: odd_types; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.odd_types (
    id bigint NOT NULL,
    a inet,
    b cidr,
    c macaddr,
    d bit(8),
    e bit varying,
    f xml,
    g tsvector,
    h point,
    i int4range,
    j integer[],
    k text[],
    l jsonb[],
    m shop.mood[],
    n oid,
    o pg_lsn,
    p regclass
);


ALTER TABLE public.odd_types OWNER TO postgres;

--
-- Name: one_column; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.one_column (
    id integer NOT NULL
);


ALTER TABLE public.one_column OWNER TO postgres;

--
-- Name: secured; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.secured (
    id integer NOT NULL,
    owner text
);


ALTER TABLE public.secured OWNER TO postgres;

--
-- Name: sums; Type: MATERIALIZED VIEW; Schema: public; Owner: postgres
--

CREATE MATERIALIZED VIEW public.sums AS
 SELECT count(*) AS n
   FROM shop.items
  WITH NO DATA;


ALTER TABLE public.sums OWNER TO postgres;

--
-- Name: texts; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.texts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    a character varying DEFAULT ''::character varying,
    b character(3) DEFAULT 'a''b'::bpchar,
    c text DEFAULT 'tab	here \ ''quoted''
new line'::text,
    d text DEFAULT 'ä猫😀'::text,
    e "char" DEFAULT 'x'::"char",
    f name DEFAULT CURRENT_USER,
    g character varying(20) NOT NULL COLLATE pg_catalog."C",
    h text DEFAULT 'now()'::text,
    i text DEFAULT ('a'::text || 'b'::text)
);


ALTER TABLE public.texts OWNER TO postgres;

--
-- Name: times; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.times (
    id integer NOT NULL,
    a time(3) with time zone,
    b interval DEFAULT '1 day'::interval,
    c timestamp without time zone DEFAULT '2025-01-02 03:04:05'::timestamp without time zone,
    d timestamp with time zone DEFAULT '2025-01-02 01:04:05+00'::timestamp with time zone,
    e date DEFAULT '2024-02-29'::date,
    f timestamp without time zone DEFAULT 'infinity'::timestamp without time zone,
    g timestamp without time zone DEFAULT timezone('utc'::text, now()),
    h timestamp without time zone DEFAULT LOCALTIMESTAMP,
    i date DEFAULT now()
);


ALTER TABLE public.times OWNER TO postgres;

--
-- Name: wide; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.wide (
    id integer NOT NULL,
    c01 integer,
    c02 integer,
    c03 integer,
    c04 integer,
    c05 integer,
    c06 integer,
    c07 integer,
    c08 integer,
    c09 integer,
    c10 integer,
    c11 integer,
    c12 integer
);


ALTER TABLE public.wide OWNER TO postgres;

--
-- Name: codes; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.codes (
    code character varying(8) NOT NULL,
    alt integer,
    text text
);


ALTER TABLE shop.codes OWNER TO postgres;

--
-- Name: composite_with_id; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.composite_with_id (
    id integer NOT NULL,
    lang character varying(2) NOT NULL,
    text text
);


ALTER TABLE shop.composite_with_id OWNER TO postgres;

--
-- Name: customers; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.customers (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    email shop.email,
    mood shop.mood DEFAULT 'ok'::shop.mood NOT NULL,
    home shop.address,
    tags text[] DEFAULT '{}'::text[],
    balance numeric(12,2) DEFAULT 0.00 NOT NULL,
    vip boolean DEFAULT false NOT NULL,
    born date,
    wakes time without time zone DEFAULT '07:30:00'::time without time zone,
    joined timestamp without time zone DEFAULT now() NOT NULL,
    seen timestamp with time zone DEFAULT CURRENT_TIMESTAMP,
    settings jsonb DEFAULT '{"theme": "dark"}'::jsonb NOT NULL,
    photo bytea DEFAULT '\xdeadbeef'::bytea,
    token uuid DEFAULT gen_random_uuid(),
    CONSTRAINT customers_balance CHECK ((balance >= (0)::numeric))
);


ALTER TABLE shop.customers OWNER TO postgres;

--
-- Name: TABLE customers; Type: COMMENT; Schema: shop; Owner: postgres
--

COMMENT ON TABLE shop.customers IS 'Who buys.
It''s the "first" table; -- and no comment';


--
-- Name: COLUMN customers.balance; Type: COMMENT; Schema: shop; Owner: postgres
--

COMMENT ON COLUMN shop.customers.balance IS 'in EUR';


--
-- Name: customers_id_seq; Type: SEQUENCE; Schema: shop; Owner: postgres
--

CREATE SEQUENCE shop.customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE shop.customers_id_seq OWNER TO postgres;

--
-- Name: customers_id_seq; Type: SEQUENCE OWNED BY; Schema: shop; Owner: postgres
--

ALTER SEQUENCE shop.customers_id_seq OWNED BY shop.customers.id;


--
-- Name: items_id_seq; Type: SEQUENCE; Schema: shop; Owner: postgres
--

ALTER TABLE shop.items ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME shop.items_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: log; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.log (
    at timestamp without time zone DEFAULT now(),
    line text
);


ALTER TABLE shop.log OWNER TO postgres;

--
-- Name: order_items; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.order_items (
    order_number bigint NOT NULL,
    item integer NOT NULL,
    quantity integer DEFAULT 1 NOT NULL
);


ALTER TABLE shop.order_items OWNER TO postgres;

--
-- Name: order_number; Type: SEQUENCE; Schema: shop; Owner: postgres
--

CREATE SEQUENCE shop.order_number
    START WITH 1000
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE shop.order_number OWNER TO postgres;

--
-- Name: orders; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.orders (
    number bigint DEFAULT nextval('shop.order_number'::regclass) NOT NULL,
    customer bigint NOT NULL,
    placed timestamp(3) with time zone DEFAULT now() NOT NULL,
    state character(1) DEFAULT 'n'::bpchar NOT NULL,
    note text DEFAULT 'none given'::text,
    due date DEFAULT CURRENT_DATE
);


ALTER TABLE shop.orders OWNER TO postgres;

--
-- Name: events_2025; Type: TABLE ATTACH; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.events ATTACH PARTITION audit.events_2025 FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');


--
-- Name: Employees Id; Type: DEFAULT; Schema: HR; Owner: postgres
--

ALTER TABLE ONLY "HR"."Employees" ALTER COLUMN "Id" SET DEFAULT nextval('"HR"."Employees_Id_seq"'::regclass);


--
-- Name: base id; Type: DEFAULT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.base ALTER COLUMN id SET DEFAULT nextval('audit.base_id_seq'::regclass);


--
-- Name: child id; Type: DEFAULT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.child ALTER COLUMN id SET DEFAULT nextval('audit.base_id_seq'::regclass);


--
-- Name: child made; Type: DEFAULT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.child ALTER COLUMN made SET DEFAULT now();


--
-- Name: numbers id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.numbers ALTER COLUMN id SET DEFAULT nextval('public.numbers_id_seq'::regclass);


--
-- Name: customers id; Type: DEFAULT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.customers ALTER COLUMN id SET DEFAULT nextval('shop.customers_id_seq'::regclass);


--
-- Data for Name: Employees; Type: TABLE DATA; Schema: HR; Owner: postgres
--

COPY "HR"."Employees" ("Id", "FirstName", "Last Name", "order", "Größe", _hidden, salary, comment, "to") FROM stdin;
\.


--
-- Data for Name: Sick Days; Type: TABLE DATA; Schema: HR; Owner: postgres
--

COPY "HR"."Sick Days" (id) FROM stdin;
\.


--
-- Data for Name: employees2; Type: TABLE DATA; Schema: HR; Owner: postgres
--

COPY "HR".employees2 ("Id", "FirstName", "Last Name", "order", "Größe", _hidden, salary, comment, "to") FROM stdin;
\.


--
-- Data for Name: base; Type: TABLE DATA; Schema: audit; Owner: postgres
--

COPY audit.base (id, made) FROM stdin;
\.


--
-- Data for Name: cache; Type: TABLE DATA; Schema: audit; Owner: postgres
--

COPY audit.cache (key, value) FROM stdin;
\.


--
-- Data for Name: child; Type: TABLE DATA; Schema: audit; Owner: postgres
--

COPY audit.child (id, made, extra) FROM stdin;
\.


--
-- Data for Name: events_2025; Type: TABLE DATA; Schema: audit; Owner: postgres
--

COPY audit.events_2025 (id, at, body) FROM stdin;
\.


--
-- Data for Name: MixedCase; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public."MixedCase" (id, "camelCase") FROM stdin;
\.


--
-- Data for Name: booleans; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.booleans (id, a, b, c) FROM stdin;
\.


--
-- Data for Name: deferred; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.deferred (id, other) FROM stdin;
\.


--
-- Data for Name: exclusive; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.exclusive (id, during) FROM stdin;
\.


--
-- Data for Name: has_trigger; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.has_trigger (id, changed) FROM stdin;
\.


--
-- Data for Name: json_defaults; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.json_defaults (id, a, b, c) FROM stdin;
\.


--
-- Data for Name: mixedcase; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.mixedcase (id) FROM stdin;
\.


--
-- Data for Name: nothing; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.nothing  FROM stdin;
\.


--
-- Data for Name: numbers; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.numbers (id, a, b, c, d, e, f, g, h, i, j) FROM stdin;
\.


--
-- Data for Name: odd_types; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.odd_types (id, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) FROM stdin;
\.


--
-- Data for Name: one_column; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.one_column (id) FROM stdin;
1
2
\.


--
-- Data for Name: secured; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.secured (id, owner) FROM stdin;
\.


--
-- Data for Name: texts; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.texts (id, a, b, c, d, e, f, g, h, i) FROM stdin;
\.


--
-- Data for Name: times; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.times (id, a, b, c, d, e, f, g, h, i) FROM stdin;
\.


--
-- Data for Name: wide; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.wide (id, c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12) FROM stdin;
\.


--
-- Data for Name: codes; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.codes (code, alt, text) FROM stdin;
\.


--
-- Data for Name: composite_with_id; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.composite_with_id (id, lang, text) FROM stdin;
\.


--
-- Data for Name: customers; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.customers (id, name, email, mood, home, tags, balance, vip, born, wakes, joined, seen, settings, photo, token) FROM stdin;
\.


--
-- Data for Name: items; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.items (id, title, price, weight, volume, stock, amount, parent) FROM stdin;
\.


--
-- Data for Name: log; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.log (at, line) FROM stdin;
\.


--
-- Data for Name: order_items; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.order_items (order_number, item, quantity) FROM stdin;
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.orders (number, customer, placed, state, note, due) FROM stdin;
\.


--
-- Name: Employees_Id_seq; Type: SEQUENCE SET; Schema: HR; Owner: postgres
--

SELECT pg_catalog.setval('"HR"."Employees_Id_seq"', 1, false);


--
-- Name: base_id_seq; Type: SEQUENCE SET; Schema: audit; Owner: postgres
--

SELECT pg_catalog.setval('audit.base_id_seq', 1, false);


--
-- Name: events_id_seq; Type: SEQUENCE SET; Schema: audit; Owner: postgres
--

SELECT pg_catalog.setval('audit.events_id_seq', 100, false);


--
-- Name: numbers_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.numbers_id_seq', 1, false);


--
-- Name: customers_id_seq; Type: SEQUENCE SET; Schema: shop; Owner: postgres
--

SELECT pg_catalog.setval('shop.customers_id_seq', 1, false);


--
-- Name: items_id_seq; Type: SEQUENCE SET; Schema: shop; Owner: postgres
--

SELECT pg_catalog.setval('shop.items_id_seq', 1, false);


--
-- Name: order_number; Type: SEQUENCE SET; Schema: shop; Owner: postgres
--

SELECT pg_catalog.setval('shop.order_number', 1000, false);


--
-- Name: Employees Employees_pkey; Type: CONSTRAINT; Schema: HR; Owner: postgres
--

ALTER TABLE ONLY "HR"."Employees"
    ADD CONSTRAINT "Employees_pkey" PRIMARY KEY ("Id");


--
-- Name: Sick Days Sick Days_pkey; Type: CONSTRAINT; Schema: HR; Owner: postgres
--

ALTER TABLE ONLY "HR"."Sick Days"
    ADD CONSTRAINT "Sick Days_pkey" PRIMARY KEY (id);


--
-- Name: employees2 employees2_pkey; Type: CONSTRAINT; Schema: HR; Owner: postgres
--

ALTER TABLE ONLY "HR".employees2
    ADD CONSTRAINT employees2_pkey PRIMARY KEY ("Id");


--
-- Name: base base_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.base
    ADD CONSTRAINT base_pkey PRIMARY KEY (id);


--
-- Name: cache cache_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.cache
    ADD CONSTRAINT cache_pkey PRIMARY KEY (key);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id, at);


--
-- Name: events_2025 events_2025_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.events_2025
    ADD CONSTRAINT events_2025_pkey PRIMARY KEY (id, at);


--
-- Name: MixedCase MixedCase_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public."MixedCase"
    ADD CONSTRAINT "MixedCase_pkey" PRIMARY KEY (id);


--
-- Name: booleans booleans_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.booleans
    ADD CONSTRAINT booleans_pkey PRIMARY KEY (id);


--
-- Name: deferred deferred_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.deferred
    ADD CONSTRAINT deferred_pkey PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: exclusive exclusive_during_excl; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.exclusive
    ADD CONSTRAINT exclusive_during_excl EXCLUDE USING gist (during WITH &&);


--
-- Name: exclusive exclusive_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.exclusive
    ADD CONSTRAINT exclusive_pkey PRIMARY KEY (id);


--
-- Name: has_trigger has_trigger_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.has_trigger
    ADD CONSTRAINT has_trigger_pkey PRIMARY KEY (id);


--
-- Name: json_defaults json_defaults_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.json_defaults
    ADD CONSTRAINT json_defaults_pkey PRIMARY KEY (id);


--
-- Name: mixedcase mixedcase_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.mixedcase
    ADD CONSTRAINT mixedcase_pkey PRIMARY KEY (id);


--
-- Name: numbers numbers_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.numbers
    ADD CONSTRAINT numbers_pkey PRIMARY KEY (id);


--
-- Name: odd_types odd_types_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.odd_types
    ADD CONSTRAINT odd_types_pkey PRIMARY KEY (id);


--
-- Name: one_column one_column_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.one_column
    ADD CONSTRAINT one_column_pkey PRIMARY KEY (id);


--
-- Name: secured secured_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.secured
    ADD CONSTRAINT secured_pkey PRIMARY KEY (id);


--
-- Name: texts texts_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.texts
    ADD CONSTRAINT texts_pkey PRIMARY KEY (id);


--
-- Name: times times_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.times
    ADD CONSTRAINT times_pkey PRIMARY KEY (id);


--
-- Name: wide wide_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.wide
    ADD CONSTRAINT wide_pkey PRIMARY KEY (id);


--
-- Name: codes codes_alt_key; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.codes
    ADD CONSTRAINT codes_alt_key UNIQUE (alt);


--
-- Name: codes codes_code_key; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.codes
    ADD CONSTRAINT codes_code_key UNIQUE (code);


--
-- Name: composite_with_id composite_with_id_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.composite_with_id
    ADD CONSTRAINT composite_with_id_pkey PRIMARY KEY (id, lang);


--
-- Name: customers customers_email; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.customers
    ADD CONSTRAINT customers_email UNIQUE (email);


--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- Name: items items_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);


--
-- Name: order_items order_items_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.order_items
    ADD CONSTRAINT order_items_pkey PRIMARY KEY (order_number, item);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (number);


--
-- Name: items_lower; Type: INDEX; Schema: shop; Owner: postgres
--

CREATE UNIQUE INDEX items_lower ON shop.items USING btree (lower(title));


--
-- Name: items_title; Type: INDEX; Schema: shop; Owner: postgres
--

CREATE INDEX items_title ON shop.items USING btree (title);


--
-- Name: events_2025_pkey; Type: INDEX ATTACH; Schema: audit; Owner: postgres
--

ALTER INDEX audit.events_pkey ATTACH PARTITION audit.events_2025_pkey;


--
-- Name: secured quiet; Type: RULE; Schema: public; Owner: postgres
--

CREATE RULE quiet AS
    ON DELETE TO public.secured DO INSTEAD ( INSERT INTO public.one_column (id)
  VALUES (1);
 DELETE FROM public.one_column;
);


--
-- Name: has_trigger touch; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER touch BEFORE UPDATE ON public.has_trigger FOR EACH ROW EXECUTE FUNCTION public.touch();


--
-- Name: items items_parent_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.items
    ADD CONSTRAINT items_parent_fkey FOREIGN KEY (parent) REFERENCES shop.items(id) ON DELETE SET NULL;


--
-- Name: order_items order_items_item_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.order_items
    ADD CONSTRAINT order_items_item_fkey FOREIGN KEY (item) REFERENCES shop.items(id);


--
-- Name: order_items order_items_order_number_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.order_items
    ADD CONSTRAINT order_items_order_number_fkey FOREIGN KEY (order_number) REFERENCES shop.orders(number);


--
-- Name: orders orders_customer_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES shop.customers(id);


--
-- Name: secured own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY own ON public.secured USING ((owner = CURRENT_USER));


--
-- Name: secured; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.secured ENABLE ROW LEVEL SECURITY;

--
-- Name: TABLE cheap; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.cheap TO PUBLIC;


--
-- Name: sums; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: postgres
--

REFRESH MATERIALIZED VIEW public.sums;


--
-- PostgreSQL database dump complete
--

\unrestrict x

