// SPDX-License-Identifier: GPL-2.0-or-later
// duckdb.mjs - an engine at work on a mount.
//
//   node duckdb.mjs MOUNT READ_ONLY_MOUNT README
//
// One DuckDB lives through everything, as an engine does.  What it needs to know
// of a table it reads in the mount: columns from schema.json, files through
// `storage`.  Files carry column ids as Parquet field ids.  What is read back
// is compared with tables in DuckDB's memory that were filled with the same
// literals, on both mounts; definitions change in between through ctl.

import {
	mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

// Type of the catalog -> type of DuckDB, and values as SQL.
const TYPES = {
	BOOLEAN: ["BOOLEAN", "true", "false"],
	SMALLINT: ["SMALLINT", "-32768", "32767"],
	INT: ["INTEGER", "-2147483648", "2147483647"],
	BIGINT: ["BIGINT", "-9223372036854775808", "9223372036854775807"],
	FLOAT: ["FLOAT", "1.5", "-3.4028235e38"],
	DOUBLE: ["DOUBLE", "0.1", "-1.7976931348623157e308"],
	DECIMAL: ["DECIMAL", "-0.50", "1234.56"],
	TEXT: ["VARCHAR", "''", "'it''s Größe 東京 🦫'"],
	JSON: ["JSON", `'{"a":[1,null,"x"]}'`, "'[]'"],
	FILE: ["VARCHAR", `'{"id":"f1","size":3}'`, "'{}'"],
	BYTES: ["BLOB", "''::BLOB", "'\\x00\\xFF\\x80'::BLOB"],
	UUID: ["UUID", "'550e8400-e29b-41d4-a716-446655440000'",
	       "'00000000-0000-0000-0000-000000000000'"],
	DATE: ["DATE", "'0001-01-01'", "'9999-12-31'"],
	TIME: ["TIME", "'00:00'", "'23:59:59.999999'"],
	TIMESTAMP: ["TIMESTAMP", "'1969-12-31 23:59:59.999999'", "'2026-11-22 10:00:00'"],
	DATETIME: ["TIMESTAMP WITH TIME ZONE", "'2026-11-22 12:00:00+02:00'",
		   "'1969-12-31 23:59:59.999999Z'"],
	EMBEDDING: ["FLOAT", "[1, -2.5, 0.001]", "[0, 0, 0]"],
};

let checks = 0;

function same(what, expected, found) {
	checks++;
	if (JSON.stringify(found) !== JSON.stringify(expected))
		throw new Error(`${what}\nexpected: ${JSON.stringify(expected)}\n` +
				`found:    ${JSON.stringify(found)}`);
}

// An engine that is to find everything on this machine: no downloads.
async function connect() {
	const instance = await DuckDBInstance.create(":memory:", {
		autoinstall_known_extensions: "false", autoload_known_extensions: "false",
	});

	return instance.connect();
}

const duckdb = await connect();

async function rows(sql) {
	return (await duckdb.runAndReadAll(sql)).getRowsJson();
}

async function refused(what, sql, part) {
	let message = "(accepted)";

	try {
		await rows(sql);
	} catch (error) {
		message = error.message;
	}
	same(what, true, message.includes(part) || message);
}

const quoted = (name) => `"${name}"`;
const text = (value) => `'${String(value).replaceAll("'", "''")}'`;

// The type's name and what stands in its parentheses.
function split(dataType) {
	const [, name, parameters] = /^(\w+)(?:\((.*)\))?$/.exec(dataType);

	return [name, parameters];
}

// In a Parquet file every list is one of any length.
function duckType(dataType, inFile) {
	const [name, parameters] = split(dataType);

	if (name === "EMBEDDING")
		return inFile ? "FLOAT[]" : `FLOAT[${parameters}]`;
	return TYPES[name][0] + (name === "DECIMAL" ? `(${parameters.replace(" ", "")})` : "");
}

// The tables that have files, a file behind each link.  Their copies in DuckDB's
// memory keep these names.
const TABLES = {
	items: { glob: "*.parquet", links: ["storage"] },
	messages: { glob: "*/*.parquet", links: ["storage/alice", "storage/bob"] },
	notes: { glob: "*/*.parquet", links: ["storage/alice", "storage/bob", "storage/user_123"] },
};

// Where a table is on a mount; path: its namespace and name, if it has others by now.
function tableAt(mount, copy, path = ["app", copy]) {
	const directory = `${mount}/namespaces/${path[0]}/tables/${path[1]}`;
	const { glob, links } = TABLES[copy];

	return {
		what: `${path.join(".")} on ${mount}`, copy, schema: `${directory}/schema.json`,
		files: `${directory}/storage/${glob}`,
		links: links.map((link) => `${directory}/${link}`),
	};
}

async function columnsOf(table) {
	const found = await rows(`SELECT c.column_id, c.column_name, c.data_type FROM
		(SELECT unnest(columns) AS c FROM read_json(${text(table.schema)}))`);

	return found.map(([id, name, type]) => ({ id: Number(id), name, type }));
}

// Rows of one part of a table, in memory: two of values, one of NULLs.
async function fill(copy, columns, part) {
	const definition = columns.map((c) => `${quoted(c.name)} ${duckType(c.type, false)}`);
	const cell = (c, row) =>
		c.name === "id" ? part * 10 + row : TYPES[split(c.type)[0]][row] ?? "NULL";

	await rows(`CREATE TABLE IF NOT EXISTS ${copy} (${definition.join(", ")})`);
	await rows(`INSERT INTO ${copy} VALUES
		${[1, 2, 3].map((row) => `(${columns.map((c) => cell(c, row)).join(", ")})`)}`);
}

// The same rows in a file, through the link.
async function writePart(table, link, part) {
	const columns = await columnsOf(table);
	const ids = columns.map((c) => `${quoted(c.name)}: ${c.id}`).join(", ");

	mkdirSync(readlinkSync(link), { recursive: true });
	await fill(table.copy, columns, part);
	await rows(`COPY (SELECT * FROM ${table.copy} WHERE id // 10 = ${part})
		TO ${text(`${link}/part-${part}.parquet`)} (FORMAT parquet, FIELD_IDS {${ids}})`);
}

// The columns as a MAP by their ids, for the reader of Parquet.
async function readById(table) {
	const columns = await columnsOf(table);
	const entries = columns.map((c) => `${c.id}: {name: ${text(c.name)}, ` +
		`type: ${text(duckType(c.type, false))}, default_value: NULL}`);

	return `read_parquet(${text(table.files)}, schema = MAP {${entries.join(", ")}})`;
}

async function described(source) {
	return (await rows(`DESCRIBE SELECT * FROM ${source}`)).map(([name, type]) => [name, type]);
}

// Name and field id of the columns of every file.
async function fieldIds(table) {
	const found = await rows(`SELECT DISTINCT file_name, field_id, name
		FROM parquet_schema(${text(table.files)}) WHERE field_id IS NOT NULL`);
	const files = {};

	for (const [file, id, name] of found)
		(files[file] ??= []).push([Number(id), name]);
	return Object.values(files).map((ids) => ids.sort(([a], [b]) => a - b));
}

async function sameRows(what, copy, source) {
	const found = await rows(`SELECT * FROM ${source} ORDER BY id`);

	same(`${what}, number of rows`, 3 * TABLES[copy].links.length, found.length);
	same(what, await rows(`SELECT * FROM ${copy} ORDER BY id`), found);
}

// A table that was written as it is now: what the files say themselves.
async function checkFresh(table) {
	const columns = await columnsOf(table);
	const ids = await fieldIds(table);

	same(`${table.what}, columns of the files`,
	     columns.map((c) => [c.name, duckType(c.type, true)]), await described(text(table.files)));
	same(`${table.what}, files`, table.links.length, ids.length);
	for (const file of ids)
		same(`${table.what}, field ids`, columns.map((c) => [c.id, c.name]), file);
	await sameRows(`${table.what}, values`, table.copy, text(table.files));
}

// Any table: its columns found by their ids.
async function checkById(table) {
	const columns = await columnsOf(table);
	const source = await readById(table);

	same(`${table.what}, columns by id`, columns.map((c) => [c.name, duckType(c.type, false)]),
	     await described(source));
	await sameRows(`${table.what}, values by id`, table.copy, source);
}

// The user is in the path.
async function checkUsers(table) {
	same(`${table.what}, users`,
	     table.links.map((link, i) => [link.split("/").at(-1), i + 1]),
	     await rows(`SELECT parse_path(filename)[-2] AS user, min(id // 10)::INTEGER
		FROM read_parquet(${text(table.files)}, filename = true) GROUP BY user ORDER BY user`));
}

async function checkWritten(mount) {
	for (const copy of Object.keys(TABLES)) {
		const table = tableAt(mount, copy);

		await checkFresh(table);
		await checkById(table);
		if (table.links.length > 1)
			await checkUsers(table);
	}
	same(`shards on ${mount}`, ["shard_0", "shard_17", "shard_15"],
	     tableAt(mount, "notes").links.map((link) => readlinkSync(link).split("/").at(-2)));
}

// Every type is in the tables that are written, and TYPES has no other.
async function checkTypes(mount) {
	const files = readdirSync(`${mount}/types`);
	const names = files.map((file) => file.replace(".json", "")).sort();
	const columns = await columnsOf(tableAt(mount, "items"));

	same("types of this test", names, Object.keys(TYPES).sort());
	same("types of the table", names, [...new Set(columns.map((c) => split(c.type)[0]))].sort());
	same("the ids have a gap", true, columns.some((c, i) => c.id !== i + 1));
}

// Where nothing was made for a user, or where no user can be, nothing is written.
async function checkRefusals(mount) {
	const storage = dirname(tableAt(mount, "messages").links[0]);
	const before = readdirSync(storage);

	for (const user of ["carol", ".hidden", "a b"])
		await refused(`COPY for ${user}`, `COPY (SELECT 1 AS id)
			TO ${text(`${storage}/${user}/x.parquet`)} (FORMAT parquet)`, "No such file");
	same("users after refusals", before, readdirSync(storage));
}

async function checkEmbeddings(mount) {
	same(`embeddings on ${mount}`, [
		["app.items", "a_embedding", "EMBEDDING(3)"],
		["app.messages", "a_embedding", "EMBEDDING(3)"],
		["app.notes", "a_embedding", "EMBEDDING(3)"],
		["app.typing", "hint", "EMBEDDING(8192)"],
		["archive.two", "a", "EMBEDDING(1)"],
		["archive.two", "b", "EMBEDDING(1536)"],
		["chat.messages", "embedding", "EMBEDDING(1536)"],
	], await rows(`SELECT table_id, c.column_name, c.data_type FROM
		(SELECT table_id, unnest(columns) AS c
		 FROM read_json(${text(`${mount}/namespaces/*/tables/*/schema.json`)}))
		WHERE c.data_type LIKE 'EMBEDDING(%' ORDER BY ALL`));
}

// Types that DuckDB has found in columns.jsonl and columns.csv by itself.  It takes YES
// and NO in CSV for a BOOLEAN, which still is = 'YES'.
function infoTypes(isNullable) {
	const types = {
		table_catalog: "VARCHAR", table_schema: "VARCHAR", table_name: "VARCHAR",
		column_name: "VARCHAR", ordinal_position: "BIGINT", column_default: "VARCHAR",
		is_nullable: isNullable, data_type: "VARCHAR", numeric_precision: "BIGINT",
		numeric_scale: "BIGINT", kalamdb_column_id: "BIGINT", is_primary_key: "BOOLEAN",
		is_partition_key: "BOOLEAN", column_comment: "VARCHAR",
	};

	return Object.entries(types);
}

// Columns as schema.json has them, system tables too, which have their file there as well.
const documents = (mount) => `(SELECT namespace_id, table_name, unnest(columns) AS c
	FROM read_json(${text(`${mount}/namespaces/*/tables/*/schema.json`)}))`;

// One form of information_schema/columns: its types, its NULLs, and that a join with all
// schema.json leaves nothing over on either side.
async function checkInfoColumns(mount, form, isNullable) {
	const file = `${mount}/information_schema/columns.${form}`;
	const info = text(file);
	const equals = (a, b) => `a.${a} IS NOT DISTINCT FROM ${b}`;
	const [[count]] = await rows(`SELECT count(*) FROM ${documents(mount)}`);

	same(`types of ${file}`, infoTypes(isNullable), await described(info));
	same(`${file}, number of rows`, [[count]], await rows(`SELECT count(*) FROM ${info}`));
	same(`${file}, rows that schema.json has, too`, [[count]], await rows(`SELECT count(*)
		FROM ${info} a JOIN ${documents(mount)} d ON ${[
			equals("table_schema", "d.namespace_id"), equals("table_name", "d.table_name"),
			equals("column_name", "c.column_name"), equals("data_type", "c.data_type"),
			equals("ordinal_position", "c.ordinal_position"),
			equals("kalamdb_column_id", "c.column_id"),
			equals("is_primary_key", "c.is_primary_key"),
			equals("is_partition_key", "c.is_partition_key"),
			equals("column_comment", "c.column_comment"),
			"(a.is_nullable = 'YES') = c.is_nullable",
			"(a.column_default IS NULL) = (c.default_value IS NULL)",
		].join(" AND ")}`));
	same(`${file}, embeddings`,
	     await rows(`SELECT namespace_id, table_name, c.column_name, c.data_type
		FROM ${documents(mount)} WHERE c.data_type LIKE 'EMBEDDING(%' ORDER BY ALL`),
	     await rows(`SELECT table_schema, table_name, column_name, data_type
		FROM ${info} WHERE data_type LIKE 'EMBEDDING(%' ORDER BY ALL`));
	same(`${file}, NULLs and texts`, [
		["id", null, "32", null],
		["embedding", "'EMBEDDING(3)'", null, null],
		["empty", "''", null, "it's \"quoted\", and\n    of two lines"],
	], await rows(`SELECT column_name, column_default, numeric_precision, column_comment
		FROM ${info} WHERE table_schema = 'archive' AND table_name = 'none'
		ORDER BY ordinal_position`));
}

// An empty text is none that is missing.
async function checkInfoTexts(mount, form, reader) {
	same(`texts of storages.${form} on ${mount}`, [["", null]], await rows(`SELECT storage_name,
		description FROM ${reader}(${text(`${mount}/information_schema/storages.${form}`)}${
			form === "csv" ? ", allow_quoted_nulls = false" : ""})
		WHERE storage_id = 'unnamed'`));
}

// The statement that the README shows of it, against schema.json.
async function checkReadmeInfo(mount, readme) {
	const [, sql] = /```sql\n(SELECT table_name, .*?)```/s.exec(readFileSync(readme, "utf8"));

	process.chdir(mount);
	const found = await rows(sql);
	same(`README on ${mount}, tables of chat`, ["messages", "rooms", "typing"],
	     found.map(([table]) => table));
	same(`README on ${mount}, columns of chat`, await rows(`SELECT table_name, count(*),
		count(*) FILTER (c.is_nullable) FROM ${documents(mount)}
		WHERE namespace_id = 'chat' GROUP BY 1 ORDER BY 1`), found);
}

// One write() of statements, as any program does it.
function ddl(mount, statements) {
	writeFileSync(`${mount}/ctl`, `${statements}\n`);
}

// The same change in DuckDB's memory, then both mounts against it.
async function checkColumnsChange(mounts) {
	for (const copy of Object.keys(TABLES)) {
		ddl(mounts[0], `ALTER TABLE app.${copy} RENAME COLUMN a_text TO body,
			RENAME COLUMN a_embedding TO vector, ALTER COLUMN a_int TYPE BIGINT,
			DROP COLUMN a_json, ADD COLUMN late DATE, ADD COLUMN a_text INT`);
		for (const change of ["RENAME a_text TO body", "RENAME a_embedding TO vector",
			"ALTER a_int TYPE BIGINT", "DROP a_json", "ADD late DATE", "ADD a_text INTEGER"])
			await rows(`ALTER TABLE ${copy} ${change}`);
		for (const mount of mounts)
			await checkById(tableAt(mount, copy));
	}
}

// Gives the names that the tables have then.
async function checkTablesChange(mounts) {
	const paths = {
		items: ["archive", "things"], messages: ["app", "chat"], notes: ["archive", "notes"],
	};

	for (const [copy, path] of Object.entries(paths)) {
		const before = tableAt(mounts[0], copy).links.map((link) => readlinkSync(link));

		ddl(mounts[0], `ALTER TABLE app.${copy} RENAME TO ${path.join(".")}`);
		for (const mount of mounts) {
			const table = tableAt(mount, copy, path);

			same(`${table.what}, links`, before, table.links.map((link) => readlinkSync(link)));
			await checkById(table);
		}
	}
	return paths;
}

function moveDirectory(from, to) {
	mkdirSync(dirname(to), { recursive: true });
	renameSync(from, to);
}

// Other templates: the links lead there at once, and the files when they were moved.
async function checkStorageChange(mounts, paths) {
	const tables = mounts.flatMap((mount) =>
		Object.entries(paths).map(([copy, path]) => tableAt(mount, copy, path)));
	const before = tables.map((table) => table.links.map((link) => readlinkSync(link)));
	const disk = dirname(dirname(before[0][0])), shards = dirname(disk) + "/shards";
	const moved = (path) => path.replace(`${disk}/`, `${disk}/rooms/`)
		.replace(`${shards}/app/notes/`, `${shards}/app_notes/all/`);

	ddl(mounts[0], `ALTER STORAGE disk SET SHARED_TABLES_TEMPLATE 'rooms/{namespace}/{tableName}'
		SET USER_TABLES_TEMPLATE 'rooms/{namespace}/{tableName}/{userId}'`);
	ddl(mounts[0], `ALTER STORAGE shards
		SET USER_TABLES_TEMPLATE '{namespace}_{tableName}/all/{shard}/{userId}'`);
	for (const [i, table] of tables.entries()) {
		same(`${table.what}, links at once`, before[i].map(moved),
		     table.links.map((link) => readlinkSync(link)));
		same(`${table.what}, no files yet`, [], await rows(`FROM glob(${text(table.files)})`));
	}
	moveDirectory(`${disk}/app`, `${disk}/rooms/app`);
	moveDirectory(`${shards}/app/notes`, `${shards}/app_notes/all`);
	for (const table of tables)
		await checkById(table);
}

// The statements that the README tells people to type.
function readmeStatements(readme) {
	const section = readFileSync(readme, "utf8").split("\n## ")
		.find((part) => part.startsWith("Reading data with DuckDB\n"));
	const [, sql] = /```sql\n(.*?)```/s.exec(section);

	return sql.split(/;\n/).filter((statement) => statement.trim());
}

async function checkReadme(mount, readme) {
	const results = [];
	const typeOf = async (type) => (await rows(`SELECT typeof(CAST(NULL AS ${type}))`))[0][0];

	process.chdir(mount);
	for (const statement of readmeStatements(readme))
		results.push(await rows(statement));
	same(`README on ${mount}`, [[["3"]], [["6"]], 3, [], [], 6, 7],
	     results.map((result, i) => [2, 5, 6].includes(i) ? result.length : result));
	same(`README on ${mount}, by ids`, await rows("FROM messages ORDER BY id"), results[5]);
	for (const [type, found] of await rows(`SELECT DISTINCT c.data_type, duckdb_type(c.data_type) FROM
		(SELECT unnest(columns) AS c FROM read_json('namespaces/*/tables/*/schema.json'))`))
		same(`duckdb_type(${type})`, await typeOf(duckType(type, false)), await typeOf(found));
}

async function main([mount, readOnly, readme]) {
	const mounts = [mount, readOnly];

	await checkTypes(mount);
	for (const table of Object.keys(TABLES).map((copy) => tableAt(mount, copy)))
		for (const [i, link] of table.links.entries())
			await writePart(table, link, i + 1);
	for (const each of mounts) {
		await checkWritten(each);
		await checkEmbeddings(each);
		await checkReadme(each, readme);
		await checkInfoColumns(each, "jsonl", "VARCHAR");
		await checkInfoColumns(each, "csv", "BOOLEAN");
		await checkInfoTexts(each, "jsonl", "read_json");
		await checkInfoTexts(each, "csv", "read_csv");
		await checkReadmeInfo(each, readme);
	}
	await checkRefusals(mount);
	await checkColumnsChange(mounts);
	for (const each of mounts) {
		await checkReadme(each, readme);
		await checkInfoColumns(each, "jsonl", "VARCHAR");
		await checkInfoColumns(each, "csv", "BOOLEAN");
	}
	await checkStorageChange(mounts, await checkTablesChange(mounts));
	console.log(`duckdb: ${checks} checks passed`);
}

await main(process.argv.slice(2));
