-- SPDX-License-Identifier: GPL-2.0-or-later
CREATE SCHEMA shop;

CREATE TABLE shop.customers (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz DEFAULT now()
);

CREATE TABLE shop.items (
    id bigserial PRIMARY KEY,
    title text NOT NULL,
    price numeric(10, 2) CHECK (price > 0)
);

CREATE INDEX items_by_title ON shop.items (title);
