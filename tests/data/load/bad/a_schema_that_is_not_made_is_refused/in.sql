-- PostgreSQL database dump
CREATE TABLE shop.items (
    id integer PRIMARY KEY
);
