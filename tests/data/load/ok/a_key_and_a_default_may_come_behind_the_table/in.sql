--
-- PostgreSQL database dump
--

\restrict aB3

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE SCHEMA shop;
ALTER SCHEMA shop OWNER TO postgres;
COMMENT ON SCHEMA shop IS 'What is sold';
COMMENT ON SCHEMA public IS 'standard public schema';

CREATE TABLE shop.items (
    id bigint NOT NULL,
    title character varying(100) DEFAULT 'none'::character varying NOT NULL,
    price numeric(10,2),
    key text,
    at timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true
);

ALTER TABLE shop.items OWNER TO postgres;
ALTER TABLE public.items_view OWNER TO postgres;
COMMENT ON TABLE shop.items IS 'Items; it''s all';
COMMENT ON COLUMN shop.items.price IS 'in EUR';

CREATE SEQUENCE shop.items_id_seq START WITH 1;

CREATE TABLE public.log (
    number integer NOT NULL,
    line text
);
ALTER TABLE public.log ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.log_number_seq
    START WITH 1
);
ALTER TABLE ONLY shop.items ALTER COLUMN id SET DEFAULT nextval('shop.items_id_seq'::regclass);

COPY shop.items (id, title) FROM stdin;
1	it's; CREATE TABLE x (
\\.	not the end
\.

ALTER TABLE ONLY shop.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (number) INCLUDE (line);
CREATE INDEX items_title ON shop.items USING btree (title);

\unrestrict aB3
