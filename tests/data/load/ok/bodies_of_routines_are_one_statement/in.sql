-- PostgreSQL database dump
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  CREATE TABLE a (id int); -- '
  RETURN $x$ ; $x$;
END;
$body$;
CREATE FUNCTION g(x integer) RETURNS integer
    BEGIN ATOMIC
 SELECT (x + 1);
 SELECT CASE WHEN (x > 0) THEN x ELSE 0 END AS "case";
END;
CREATE PROCEDURE empty() BEGIN ATOMIC END;
CREATE FUNCTION h() RETURNS text LANGUAGE sql AS 'SELECT '';''; CREATE TABLE b (id int);';
CREATE RULE r AS ON DELETE TO t DO INSTEAD (INSERT INTO a VALUES (1); DELETE FROM a;);
CREATE FUNCTION e() RETURNS text LANGUAGE sql AS E'it\'s; ' 'b';
DO $$ BEGIN RAISE NOTICE 'x;'; END $$;
/* a comment; /* in it; */ one more ' */
CREATE TABLE done (id integer PRIMARY KEY);
