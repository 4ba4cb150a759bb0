// SPDX-License-Identifier: GPL-2.0-or-later
// agree.mjs - do all forms of a table say the same?
//
//   node agree.mjs KALAMCTL CATALOG TABLE_DIRECTORY...
//   node agree.mjs --control KALAMCTL CATALOG TABLE_DIRECTORY
//
// schema.json is taken as the truth about a table; schema.sql, describe,
// columns/*.json, information_schema and what kalamctl prints (dump, describe,
// --json describe) are read each for itself and compared with it: type, name,
// version, options and comment of the table; name, id, ordinal, type,
// nullability, keys, default and comment of every column.  schema.arrow is
// compared by tests/arrow/check.mjs.
//
// --control alters the truth in every respect, and every form must notice.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

class Mismatch extends Error {}

function expect(what, found, expected) {
	if (JSON.stringify(found) !== JSON.stringify(expected))
		throw new Mismatch(`${what}: found ${JSON.stringify(found)}, ` +
				   `schema.json means ${JSON.stringify(expected)}`);
}

// ----- SQL -----

const TOKEN = /\s+|E'(?:[^'\\]|\\.|'')*'|X'[^']*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_]\w*|[-+]?\d[\w.+]*(?:-\d+)?|[(),;.=]/gsy;

function tokens(sql) {
	const found = [];
	let at = 0;

	TOKEN.lastIndex = 0;
	while (at < sql.length) {
		const match = TOKEN.exec(sql);
		if (!match)
			throw new Mismatch(`not a token: ${JSON.stringify(sql.slice(at, at + 20))}`);
		at = TOKEN.lastIndex;
		if (match[0].trim() !== "")
			found.push(match[0]);
	}
	return found;
}

const ESCAPES = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

// The text that a string literal means.
function unquote(token) {
	if (token.startsWith("E'"))
		return token.slice(2, -1).replaceAll("''", "'")
			.replace(/\\(?:u([0-9a-f]{4})|(.))/gs, (_, hex, char) =>
				hex ? String.fromCharCode(parseInt(hex, 16)) : ESCAPES[char] ?? char);
	if (token.startsWith("'"))
		return token.slice(1, -1).replaceAll("''", "'");
	throw new Mismatch(`not a string: ${token}`);
}

function name(token) {
	return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
}

class Parser {
	constructor(sql) {
		this.tokens = tokens(sql);
		this.at = 0;
	}

	next() { return this.tokens[this.at++]; }
	peek() { return this.tokens[this.at]; }

	take(...words) {
		if (words.some((word, i) => this.tokens[this.at + i] !== word))
			return false;
		this.at += words.length;
		return true;
	}

	must(...words) {
		if (!this.take(...words))
			throw new Mismatch(`expected ${words.join(" ")}, found ${this.peek()}`);
	}

	// "( a , b )" after its opening bracket, through `one`.
	list(one) {
		const items = [];

		do
			items.push(one());
		while (this.take(","));
		this.must(")");
		return items;
	}

	type() {
		let words = this.next();

		if (this.take("("))
			words += `(${this.list(() => this.next()).join(", ")})`;
		return words;
	}

	// A literal as its token, a call as NAME(a, b).
	default() {
		const word = this.next();

		if (!this.take("("))
			return word;
		return this.take(")") ? `${word}()` : `${word}(${this.list(() => this.next()).join(", ")})`;
	}

	column(previousId) {
		const column = { name: name(this.next()), type: this.type(), id: previousId + 1 };

		column.isKey = this.take("PRIMARY", "KEY");
		column.isNullable = !this.take("NOT", "NULL");
		column.sqlDefault = this.take("DEFAULT") ? this.default() : null;
		column.comment = this.take("COMMENT") ? unquote(this.next()) : null;
		if (this.take("ID"))
			column.id = Number(this.next());
		return column;
	}

	table() {
		const table = { options: {}, partition: [] };
		let previousId = 0;

		this.must("CREATE");
		table.type = this.next();
		this.must("TABLE");
		table.name = name(this.next());
		if (this.take(".")) {
			table.namespace = table.name;
			table.name = name(this.next());
		}
		this.must("(");
		table.columns = this.list(() => {
			const column = this.column(previousId);
			previousId = column.id;
			return column;
		});
		if (this.take("PARTITION", "BY", "("))
			table.partition = this.list(() => name(this.next()));
		if (this.take("WITH", "("))
			this.list(() => {
				const key = this.next();
				this.must("=");
				table.options[key] = this.next();
			});
		table.comment = this.take("COMMENT") ? unquote(this.next()) : null;
		this.must(";");
		if (this.peek() !== undefined)
			throw new Mismatch(`behind the statement: ${this.peek()}`);
		return table;
	}
}

// Whether a default in SQL says what default_value of schema.json says.
function sameDefault(dataType, value, sql) {
	if (value === null || sql === null)
		return value === sql;
	if ("function" in value)
		return sql === `${value.function}(${value.args.join(", ")})`;
	const literal = value.literal;
	if (literal === null)
		return sql === "NULL";
	switch (dataType.split("(")[0]) {
	case "BOOLEAN":
		return sql === String(literal).toUpperCase();
	case "SMALLINT": case "INT": case "BIGINT": case "DECIMAL":
		return sql === String(literal);
	case "FLOAT": case "DOUBLE":
		return /^[-+\d]/.test(sql) && Number(sql) === literal;
	case "BYTES":
		return sql === `X'${literal}'`;
	case "EMBEDDING":
		return JSON.stringify(JSON.parse(unquote(sql))) === JSON.stringify(literal);
	}
	return unquote(sql) === literal;
}

function expectDefault(what, column, sql) {
	if (!sameDefault(column.data_type, column.default_value, sql))
		throw new Mismatch(`${what}, default: found ${sql}, schema.json means ` +
				   JSON.stringify(column.default_value));
}

// ----- options -----

const POLICY = {
	row_limit: (p) => `rows:${p.row_limit}`,
	time_interval: (p) => `interval:${p.interval_seconds}`,
	combined: (p) => `rows:${p.row_limit},interval:${p.interval_seconds}`,
};

// table_options as SQL says them: KEY -> value; defaults left out if so wished.
const DEFAULTS = {
	use_user_storage: false, flush_policy: null, compression: "snappy", deleted_retention_hours: 168,
	access_level: "private", eviction_strategy: "time_based", max_stream_size_bytes: 0,
};
const ALWAYS_DESCRIBED = new Set(["compression", "deleted_retention_hours", "access_level", "ttl_seconds",
	"eviction_strategy"]);

function optionsOf(document, wanted) {
	const options = {};

	for (const [key, value] of Object.entries(document.table_options)) {
		const isDefault = key in DEFAULTS && JSON.stringify(DEFAULTS[key]) === JSON.stringify(value);
		if (!wanted(key, isDefault) || value === null)
			continue;
		options[key.toUpperCase()] = key === "flush_policy" ? `'${POLICY[value.type](value)}'` :
			typeof value === "string" ? `'${value}'` : String(value);
	}
	return options;
}

function sorted(object) {
	return Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
}

// ----- the forms -----

function checkSql(what, document, sql, isQualified) {
	const table = new Parser(sql).table();
	const options = optionsOf(document, (key, isDefault) => !isDefault);

	if (document.location_name !== `${document.namespace_id}/${document.table_name}` &&
	    document.table_type !== "SYSTEM")
		options.LOCATION_NAME = `'${document.location_name}'`;
	expect(`${what}, type of the table`, table.type, document.table_type);
	expect(`${what}, name`, table.name, document.table_name);
	expect(`${what}, namespace`, table.namespace ?? null, isQualified ? document.namespace_id : null);
	if (document.table_type !== "SYSTEM")
		expect(`${what}, options`, sorted(table.options), sorted(options));
	expect(`${what}, comment of the table`, table.comment, document.table_comment);
	expect(`${what}, number of columns`, table.columns.length, document.columns.length);
	document.columns.forEach((column, i) => {
		const found = table.columns[i];
		const place = `${what}, column ${column.column_name}`;

		expect(`${place}, name`, found.name, column.column_name);
		expect(`${place}, id`, found.id, column.column_id);
		expect(`${place}, ordinal`, found.id, column.ordinal_position);
		expect(`${place}, type`, found.type, column.data_type);
		expect(`${place}, nullability`, found.isNullable, column.is_nullable);
		expect(`${place}, key`, found.isKey, column.is_primary_key);
		expect(`${place}, partition key`, table.partition.includes(found.name),
		       column.is_partition_key);
		expect(`${place}, comment`, found.comment, column.column_comment);
		expectDefault(place, column, found.sqlDefault);
	});
}

// What describe makes of a text that shall stay in one line.
function oneLine(text) {
	return text.replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r")
		.replace(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/gu, (c) =>
			"\\u" + c.codePointAt(0).toString(16).padStart(4, "0"))
		.trimEnd();
}

// Cells of describe by the titles above them; numbers end where their titles end.
function readDescribe(text) {
	const lines = text.split("\n").map((line) => Array.from(line));
	const title = lines[2].join("");
	const starts = ["Column", "Type", "Null", "Key", "Default", "Comment"].map((t) => title.indexOf(t));
	const cell = (line, i) => line.slice(starts[i], starts[i + 1]).join("").trimEnd();
	const end = lines.findIndex((line, i) => i > 2 && line.length === 0);
	const rows = lines.slice(3, end).map((line) => {
		const [, column, id] = /^(\S+) +(\d+)$/.exec(cell(line, 0)) ?? [];

		return { ordinal: Number(line.slice(0, starts[0]).join("")), name: column, id: Number(id),
			type: cell(line, 1), isNullable: cell(line, 2), key: cell(line, 3),
			default: cell(line, 4), comment: cell(line, 5) };
	});

	return { head: lines[0].join(""), rows,
		rest: lines.slice(end + 1).map((line) => line.join("")) };
}

function checkDescribe(what, document, text, sqlDefaults) {
	const found = readDescribe(text);
	const n = document.columns.length;
	const isSystem = document.table_type === "SYSTEM";
	const options = optionsOf(document, (key, isDefault) => key !== "storage_id" &&
		(ALWAYS_DESCRIBED.has(key) || !isDefault));
	const rest = [];

	expect(`${what}, head`, found.head,
	       `${document.table_type} TABLE ${document.table_name}   version ${document.schema_version}   ` +
	       `${n} column${n === 1 ? "" : "s"}` +
	       (isSystem ? "" : `   storage ${document.table_options.storage_id}`));
	expect(`${what}, number of columns`, found.rows.length, n);
	document.columns.forEach((column, i) => {
		const key = [column.is_primary_key && "PK", column.is_partition_key && "PART"];

		expectDefault(`${what}, column ${column.column_name}`, column, sqlDefaults[i]);
		expect(`${what}, column ${column.column_name}`, found.rows[i], {
			ordinal: column.ordinal_position, name: column.column_name, id: column.column_id,
			type: column.data_type, isNullable: column.is_nullable ? "YES" : "NO",
			key: key.filter(Boolean).join(","), default: oneLine(sqlDefaults[i] ?? ""),
			comment: oneLine(column.column_comment ?? ""),
		});
	});
	const line = found.rest.find((l) => l.startsWith("Options: "));
	const listed = Object.fromEntries((line ?? "Options: ").slice(9).match(/\w+ (?:'[^']*'|\w+)/g)
		?.map((option) => option.split(/ (.*)/s)) ?? []);
	if (!isSystem)
		expect(`${what}, options`, sorted(listed), sorted(options));
	if (line)
		rest.push(line);
	if (document.table_comment)
		rest.push(`Comment: ${oneLine(document.table_comment)}`);
	expect(`${what}, what follows the columns`, found.rest.filter(Boolean), rest);
}

function checkColumns(document, files) {
	expect("columns/, names", Object.keys(files).sort(),
	       document.columns.map((column) => `${column.column_name}.json`).sort());
	for (const column of document.columns) {
		const found = JSON.parse(files[`${column.column_name}.json`]);
		const { column_version: version, ...rest } = found;

		expect(`columns/${column.column_name}.json`, rest, column);
		expect(`columns/${column.column_name}.json, keys`, Object.keys(found), [
			"column_id", "column_name", "column_version", "ordinal_position", "data_type",
			"is_nullable", "is_primary_key", "is_partition_key", "default_value",
			"column_comment"]);
		if (!(version >= 1 && version <= document.schema_version))
			throw new Mismatch(`columns/${column.column_name}.json, version ${version} of ` +
					   document.schema_version);
	}
}

// Digits as SQL's information schema counts them.
const DIGITS = { SMALLINT: [16, 0], INT: [32, 0], BIGINT: [64, 0], FLOAT: [24, null], DOUBLE: [53, null] };

function digits(dataType) {
	const decimal = /^DECIMAL\((\d+), (\d+)\)$/.exec(dataType);

	return decimal ? [Number(decimal[1]), Number(decimal[2])] : DIGITS[dataType] ?? [null, null];
}

function checkInfoTable(document, row) {
	const options = document.table_options;
	const policy = options.flush_policy ?? {};
	const isSystem = document.table_type === "SYSTEM";

	expect("information_schema/tables", row, {
		table_catalog: "kalamdb", table_schema: document.namespace_id, table_name: document.table_name,
		table_type: isSystem ? "SYSTEM TABLE" : "BASE TABLE", kalamdb_table_type: document.table_type,
		kalamdb_table_id: document.object_id, storage_id: options.storage_id ?? null,
		use_user_storage: options.use_user_storage ?? null,
		flush_row_threshold: policy.row_limit ?? null,
		flush_interval_seconds: policy.interval_seconds ?? null,
		ttl_seconds: options.ttl_seconds ?? null, schema_version: document.schema_version,
		column_count: document.columns.length, created_at: document.created_at,
		updated_at: document.updated_at, comment: document.table_comment,
	});
}

function checkInfoColumns(document, rows) {
	expect("information_schema/columns, number", rows.length, document.columns.length);
	document.columns.forEach((column, i) => {
		const { column_default: sqlDefault, ...rest } = rows[i];
		const [precision, scale] = digits(column.data_type);

		expectDefault(`information_schema/columns ${column.column_name}`, column, sqlDefault);
		expect(`information_schema/columns ${column.column_name}`, rest, {
			table_catalog: "kalamdb", table_schema: document.namespace_id,
			table_name: document.table_name, column_name: column.column_name,
			ordinal_position: column.ordinal_position,
			is_nullable: column.is_nullable ? "YES" : "NO", data_type: column.data_type,
			numeric_precision: precision, numeric_scale: scale,
			kalamdb_column_id: column.column_id, is_primary_key: column.is_primary_key,
			is_partition_key: column.is_partition_key, column_comment: column.column_comment,
		});
	});
}

// ----- a table -----

const LINES = new Map();

// Objects of a .jsonl file by "namespace.table".
function linesOf(file, full) {
	if (!LINES.has(file)) {
		const tables = new Map();
		for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) {
			const row = JSON.parse(line);
			const key = `${row.table_schema}.${row.table_name}`;
			tables.set(key, [...tables.get(key) ?? [], row]);
		}
		LINES.set(file, tables);
	}
	return LINES.get(file).get(full) ?? [];
}

function readTable(kalamctl, catalog, directory) {
	const read = (file) => readFileSync(`${directory}/${file}`, "utf8");
	const json = read("schema.json");
	const document = JSON.parse(json);
	const full = `${document.namespace_id}.${document.table_name}`;
	const run = (...args) => execFileSync(kalamctl, args, { encoding: "utf8" });
	const columns = {};
	const info = (set) => ["../../../..", "../.."].map((up) =>
		linesOf(`${directory}/${up}/information_schema/${set}.jsonl`, full));

	for (const file of readdirSync(`${directory}/columns`))
		columns[file] = read(`columns/${file}`);
	return {
		full, document, json, columns, sql: read("schema.sql"), describe: read("describe"),
		infoTables: info("tables"), infoColumns: info("columns"),
		listed: document.table_type === "SYSTEM" ? null :
			JSON.parse(run("--json", catalog, "ls", full)),
		ctlJson: run("--json", catalog, "describe", full),
		ctlDescribe: run(catalog, "describe", full),
		dump: document.table_type === "SYSTEM" ? null : run(catalog, "dump", full).trimEnd() + "\n",
	};
}

// One check for each form, so that the control can ask each of them.
const FORMS = {
	"schema.sql": (t, d) => checkSql("schema.sql", d, t.sql, false),
	"describe": (t, d) => checkDescribe("describe", d, t.describe,
		new Parser(t.sql).table().columns.map((column) => column.sqlDefault)),
	"columns/": (t, d) => checkColumns(d, t.columns),
	"dump": (t, d) => t.dump && checkSql("dump", d, t.dump, true),
	"information_schema/columns": (t, d) => t.infoColumns.forEach((rows) => checkInfoColumns(d, rows)),
	"information_schema/tables": (t, d) => t.infoTables.forEach((rows) => checkInfoTable(d, rows[0])),
};

const COLUMN_FORMS = Object.keys(FORMS).filter((form) => form !== "information_schema/tables");

function checkTable(t) {
	expect("kalamctl --json describe", t.ctlJson, t.json);
	expect("kalamctl describe", t.ctlDescribe, t.describe);
	if (t.listed)
		expect("kalamctl --json ls", t.listed, t.infoTables[0][0]);
	for (const form of Object.values(FORMS))
		form(t, t.document);
	return `${t.full}: ${t.document.columns.length} columns agree in ${Object.keys(FORMS).length + 3} forms`;
}

// ----- the control -----

function columnAlterations(column) {
	return {
		name: (c) => { c.column_name += "x"; },
		id: (c) => { c.column_id += 100; },
		ordinal: (c) => { c.ordinal_position += 100; },
		type: (c) => { c.data_type = c.data_type === "INT" ? "BIGINT" : "INT"; },
		nullability: (c) => { c.is_nullable = !c.is_nullable; },
		key: (c) => { c.is_primary_key = !c.is_primary_key; },
		"partition key": (c) => { c.is_partition_key = !c.is_partition_key; },
		comment: (c) => { c.column_comment = (c.column_comment ?? "") + "x"; },
		"no comment": column.column_comment === null ? null : (c) => { c.column_comment = null; },
		"no default": (c) => {
			c.default_value = c.default_value === null ? { literal: null } : null;
		},
		"other function": (c) => { c.default_value = { function: "NO_SUCH", args: [] }; },
		"other literal": column.default_value?.literal === undefined || column.default_value.literal === null ?
			null : (c) => {
				const l = c.default_value.literal;
				c.default_value.literal = typeof l === "number" ? l + 1 :
					typeof l === "boolean" ? !l : Array.isArray(l) ? [...l, 1] : l + "0";
			},
	};
}

function noticed(form, t, document) {
	try {
		FORMS[form](t, document);
	} catch {
		return true;
	}
	return false;
}

function control(t) {
	let tried = 0, missed = 0;
	const attempt = (what, change, forms) => {
		for (const form of forms) {
			const document = structuredClone(t.document);
			change(document);
			tried++;
			if (!noticed(form, t, document)) {
				missed++;
				console.log(`NOT NOTICED by ${form}: ${what}`);
			}
		}
	};

	console.log(checkTable(t));
	t.document.columns.forEach((column, i) => {
		for (const [what, change] of Object.entries(columnAlterations(column)))
			if (change)
				attempt(`column ${column.column_name}: ${what}`, (d) => change(d.columns[i]),
					COLUMN_FORMS);
	});
	attempt("a column less", (d) => d.columns.pop(), Object.keys(FORMS));
	const described = ["schema.sql", "describe", "dump"];
	const tables = "information_schema/tables";
	attempt("table name", (d) => { d.table_name += "x"; },
		[...described, tables, "information_schema/columns"]);
	attempt("table type", (d) => { d.table_type += "X"; }, [...described, tables]);
	attempt("table comment", (d) => { d.table_comment += "x"; }, [...described, tables]);
	attempt("storage", (d) => { d.table_options.storage_id = "x"; }, [...described, tables]);
	attempt("compression", (d) => { d.table_options.compression = "x"; }, described);
	attempt("version", (d) => { d.schema_version += 1; }, ["describe", tables]);
	attempt("namespace", (d) => { d.namespace_id += "x"; }, ["dump", tables, "information_schema/columns"]);
	attempt("flush policy", (d) => { d.table_options.flush_policy = { row_limit: 12 }; }, [tables]);
	attempt("time to live", (d) => { d.table_options.ttl_seconds = 12; }, [tables]);
	attempt("times", (d) => { d.updated_at = d.created_at.replace("2", "1"); }, [tables]);
	console.log(`control: ${tried} alterations, ${missed} not noticed`);
	return missed === 0;
}

function main(args) {
	const isControl = args[0] === "--control";
	const [kalamctl, catalog, ...directories] = isControl ? args.slice(1) : args;
	let status = 0;

	if (!directories.length) {
		console.error("usage: node agree.mjs [--control] KALAMCTL CATALOG TABLE_DIRECTORY...");
		return 2;
	}
	for (const directory of directories) {
		try {
			const t = readTable(kalamctl, catalog, directory);
			if (isControl)
				return control(t) ? 0 : 1;
			console.log(checkTable(t));
		} catch (error) {
			if (!(error instanceof Mismatch))
				throw error;
			console.error(`${directory}: ${error.message}`);
			status = 1;
		}
	}
	return status;
}

process.exitCode = main(process.argv.slice(2));
