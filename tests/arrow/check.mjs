// SPDX-License-Identifier: GPL-2.0-or-later
// check.mjs - schema.arrow against schema.json, read by the reference implementation.
//
//   node check.mjs SCHEMA_JSON SCHEMA_ARROW [SCHEMA_JSON SCHEMA_ARROW ...]
//   node check.mjs --control SCHEMA_JSON SCHEMA_ARROW
//
// The first form prints a line per table and exits 1 at a mismatch.  The second
// proves that the first can fail: it alters the document and the stream in every
// respect that is compared, and exits 1 if one alteration goes unnoticed.

import { readFileSync } from "node:fs";
import {
	DateUnit, MessageReader, Precision, TimeUnit, Type, tableFromIPC,
} from "apache-arrow";

const CONTINUATION = 0xffffffff;
const UNITS = {
	[TimeUnit.SECOND]: "s", [TimeUnit.MILLISECOND]: "ms",
	[TimeUnit.MICROSECOND]: "us", [TimeUnit.NANOSECOND]: "ns",
};
const FLOATS = {
	[Precision.HALF]: "Float16", [Precision.SINGLE]: "Float32", [Precision.DOUBLE]: "Float64",
};

// SQL type -> name in kalam_data_type, Arrow type in the words of describe().
const TYPES = {
	BOOLEAN: ["Boolean", "Bool"],
	INT: ["Int", "Int32"],
	BIGINT: ["BigInt", "Int64"],
	DOUBLE: ["Double", "Float64"],
	FLOAT: ["Float", "Float32"],
	TEXT: ["Text", "Utf8"],
	TIMESTAMP: ["Timestamp", "Timestamp(us, no zone)"],
	DATE: ["Date", "Date32"],
	DATETIME: ["DateTime", "Timestamp(us, UTC)"],
	TIME: ["Time", "Time64(us)"],
	JSON: ["Json", "Utf8"],
	BYTES: ["Bytes", "Binary"],
	UUID: ["Uuid", "FixedSizeBinary(16)"],
	SMALLINT: ["SmallInt", "Int16"],
	FILE: ["File", "Utf8"],
};

class Mismatch extends Error {}

function expect(what, found, expected) {
	if (found !== expected)
		throw new Mismatch(`${what}: schema.arrow has ${JSON.stringify(found)}, ` +
				   `schema.json means ${JSON.stringify(expected)}`);
}

// An Arrow type with all its parameters.
function describe(type) {
	switch (type.typeId) {
	case Type.Bool: return "Bool";
	case Type.Utf8: return "Utf8";
	case Type.Binary: return "Binary";
	case Type.Int: return `${type.isSigned ? "" : "U"}Int${type.bitWidth}`;
	case Type.Float: return FLOATS[type.precision];
	case Type.Decimal: return `Decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
	case Type.Date: return type.unit === DateUnit.DAY ? "Date32" : "Date64";
	case Type.Time: return `Time${type.bitWidth}(${UNITS[type.unit]})`;
	case Type.Timestamp: return `Timestamp(${UNITS[type.unit]}, ${type.timezone ?? "no zone"})`;
	case Type.FixedSizeBinary: return `FixedSizeBinary(${type.byteWidth})`;
	case Type.FixedSizeList:
		return `FixedSizeList(${type.children.map(describeField)}, ${type.listSize})`;
	}
	return `type ${type.typeId} (${type})`;
}

function describeField(field) {
	return `${field.name}: ${describe(field.type)}${field.nullable ? "" : " NOT NULL"}`;
}

// What a data_type of schema.json means: [JSON of the type, Arrow type].
function meaning(dataType) {
	const embedding = /^EMBEDDING\((\d+)\)$/.exec(dataType);
	const decimal = /^DECIMAL\((\d+), (\d+)\)$/.exec(dataType);

	if (embedding)
		return [{ Embedding: Number(embedding[1]) },
			`FixedSizeList(item: Float32 NOT NULL, ${embedding[1]})`];
	if (decimal)
		return [{ Decimal: { precision: Number(decimal[1]), scale: Number(decimal[2]) } },
			`Decimal128(${decimal[1]}, ${decimal[2]})`];
	if (!TYPES[dataType])
		throw new Mismatch(`schema.json has the unknown data_type ${JSON.stringify(dataType)}`);
	return TYPES[dataType];
}

// The content of 'x' or E'x' (with \\ and \uNNNN); undefined for anything else.
function unquote(sql) {
	const [, escaped, content] = /^(E?)'(.*)'$/s.exec(sql) ?? [];
	const text = content?.replaceAll("''", "'");

	return escaped ? text.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, hex, char) =>
		hex ? String.fromCharCode(parseInt(hex, 16)) : char) : text;
}

// Whether SQL text says the same as default_value of schema.json.
function sameDefault(dataType, value, sql) {
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
		return sql.trim() !== "" && Number(sql) === literal;
	case "BYTES":
		return sql === `X'${literal}'`;
	case "EMBEDDING":
		return unquote(sql) !== undefined &&
		       JSON.stringify(JSON.parse(unquote(sql))) === JSON.stringify(literal);
	}
	return unquote(sql) === literal;
}

// Compare metadata entries with [key, value] pairs, their order included.
function checkMetadata(what, map, expected) {
	const found = [...map.entries()];

	expect(`${what}, metadata keys`, found.map(([key]) => key).join(" "),
	       expected.map(([key]) => key).join(" "));
	expected.forEach(([key, value], i) => {
		if (typeof value !== "function")
			expect(`${what}, ${key}`, found[i][1], value);
		else if (!value(found[i][1]))
			throw new Mismatch(`${what}, ${key}: schema.arrow has ` +
					   `${JSON.stringify(found[i][1])}, which is another one`);
	});
}

function checkField(field, column) {
	const what = `column ${column.column_name}`;
	const [json, arrow] = meaning(column.data_type);
	const flags = [];

	if (column.is_primary_key)
		flags.push("pk");
	if (!column.is_nullable)
		flags.push("nn");
	if (column.is_partition_key)
		flags.push("part");
	const metadata = [
		["kalam_data_type", JSON.stringify(json)],
		["kalam_column_flags", JSON.stringify(flags)],
		["PARQUET:field_id", String(column.column_id)],
	];
	if (column.column_comment !== null)
		metadata.push(["comment", column.column_comment]);
	if (column.default_value !== null)
		metadata.push(["default",
			(sql) => sameDefault(column.data_type, column.default_value, sql)]);

	expect(`${what}, name`, field.name, column.column_name);
	expect(`${what}, type`, describe(field.type), arrow);
	expect(`${what}, nullable`, field.nullable, column.is_nullable);
	checkMetadata(what, field.metadata, metadata);
}

// One schema message, aligned, then the end of the stream and nothing more.
function checkFrame(bytes) {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

	if (bytes.length < 16)
		throw new Mismatch(`schema.arrow has ${bytes.length} bytes`);
	const length = view.getUint32(4, true);
	expect("continuation marker", view.getUint32(0, true), CONTINUATION);
	expect("metadata length modulo 8", length % 8, 0);
	expect("bytes of the stream", bytes.length, 8 + length + 8);
	expect("end marker", view.getUint32(8 + length, true), CONTINUATION);
	expect("end length", view.getUint32(12 + length, true), 0);

	const messages = [...new MessageReader(bytes)];
	expect("number of messages", messages.length, 1);
	expect("first message is a schema", messages[0].isSchema(), true);
	expect("metadata version (4 = V5)", messages[0].version, 4);
	expect("body length", Number(messages[0].bodyLength), 0);
}

function checkPair(document, bytes) {
	checkFrame(bytes);
	const table = tableFromIPC(bytes);
	const schema = table.schema;
	const columns = document.columns;
	const metadata = [
		["kalam_table", `${document.namespace_id}.${document.table_name}`],
		["kalam_table_id", String(document.object_id)],
		["kalam_schema_version", String(document.schema_version)],
		["kalam_table_type", document.table_type],
	];

	if (document.table_comment !== null)
		metadata.push(["comment", document.table_comment]);
	expect("rows", table.numRows, 0);
	expect("column names", schema.fields.map((field) => field.name).join(" "),
	       columns.map((column) => column.column_name).join(" "));
	columns.forEach((column, i) => checkField(schema.fields[i], column));
	checkMetadata("table", schema.metadata, metadata);
	return `${document.namespace_id}.${document.table_name}: ` +
	       `version ${document.schema_version}, ${columns.length} columns agree`;
}

// The type that is easiest to take for this one.
function neighbour(dataType) {
	const pairs = {
		BOOLEAN: "INT", INT: "BIGINT", BIGINT: "INT", DOUBLE: "FLOAT", FLOAT: "DOUBLE",
		TEXT: "JSON", TIMESTAMP: "DATETIME", DATE: "TIMESTAMP", DATETIME: "TIMESTAMP",
		TIME: "TIMESTAMP", JSON: "FILE", BYTES: "UUID", UUID: "BYTES", SMALLINT: "INT",
		FILE: "TEXT",
	};
	const [, name, first, second] = /^(\w+)(?:\((\d+)(?:, (\d+))?\))?$/.exec(dataType);

	if (name === "EMBEDDING")
		return `EMBEDDING(${Number(first) + 1})`;
	if (name === "DECIMAL")
		return `DECIMAL(${Number(first) + 1}, ${second})`;
	return pairs[name];
}

function otherLiteral(literal) {
	switch (typeof literal) {
	case "boolean": return !literal;
	case "number": return literal + 1;
	case "string": return literal + "0";
	}
	return literal === null ? "null" : [...literal, 1];
}

function columnAlterations(name, i) {
	const alter = (what, change) =>
		[`column ${name}: ${what}`, (document) => change(document.columns[i])];

	return [
		alter("name", (c) => { c.column_name += "x"; }),
		alter("type", (c) => { c.data_type = neighbour(c.data_type); }),
		alter("nullable", (c) => { c.is_nullable = !c.is_nullable; }),
		alter("primary key", (c) => { c.is_primary_key = !c.is_primary_key; }),
		alter("partition key", (c) => { c.is_partition_key = !c.is_partition_key; }),
		alter("id", (c) => { c.column_id += 1; }),
		alter("comment", (c) => { c.column_comment = (c.column_comment ?? "") + "x"; }),
		alter("no default", (c) => {
			c.default_value = c.default_value === null ? { literal: null } : null;
		}),
		alter("other function", (c) => {
			c.default_value = { function: "NO_SUCH_FUNCTION", args: [] };
		}),
		alter("other literal", (c) => {
			const literal = c.default_value?.literal ?? null;
			c.default_value = { literal: otherLiteral(literal) };
		}),
	];
}

function tableAlterations(document) {
	const alterations = [
		["table: namespace", (d) => { d.namespace_id += "x"; }],
		["table: name", (d) => { d.table_name += "x"; }],
		["table: id", (d) => { d.object_id += 1; }],
		["table: version", (d) => { d.schema_version += 1; }],
		["table: type", (d) => { d.table_type += "X"; }],
		["table: comment", (d) => { d.table_comment = (d.table_comment ?? "") + "x"; }],
		["table: a column less", (d) => { d.columns.pop(); }],
		["table: a column more", (d) => { d.columns.push({ ...d.columns[0] }); }],
	];

	if (document.columns.length > 1)
		alterations.push(["table: order of columns", (d) => { d.columns.reverse(); }]);
	return alterations;
}

function refuses(document, bytes) {
	try {
		checkPair(document, bytes);
	} catch (error) {
		return error.message.split("\n")[0];
	}
	return null;
}

function control(document, bytes) {
	const alterations = tableAlterations(document);
	let unnoticed = 0;
	const report = (what, reason) => {
		console.log(reason ? `refused: ${what} (${reason})` : `NOT NOTICED: ${what}`);
		unnoticed += reason ? 0 : 1;
	};

	console.log(checkPair(document, bytes));
	document.columns.forEach((column, i) =>
		alterations.push(...columnAlterations(column.column_name, i)));
	for (const [what, change] of alterations) {
		const altered = structuredClone(document);
		change(altered);
		report(what, refuses(altered, bytes));
	}
	for (const length of [0, 8, bytes.length - 9, bytes.length - 8, bytes.length - 1])
		report(`stream cut to ${length} bytes`, refuses(document, bytes.slice(0, length)));
	return unnoticed === 0;
}

function readPair(documentPath, streamPath) {
	return [JSON.parse(readFileSync(documentPath, "utf8")), readFileSync(streamPath)];
}

function main(paths) {
	const isControl = paths[0] === "--control";

	if (isControl)
		paths = paths.slice(1);
	if (!paths.length || paths.length % 2 || (isControl && paths.length !== 2)) {
		console.error("usage: node check.mjs [--control] SCHEMA_JSON SCHEMA_ARROW ...");
		return 2;
	}
	for (let i = 0; i < paths.length; i += 2) {
		try {
			const pair = readPair(paths[i], paths[i + 1]);
			if (isControl)
				return control(...pair) ? 0 : 1;
			console.log(checkPair(...pair));
		} catch (error) {
			console.error(`${paths[i + 1]}: ${error.message}`);
			return 1;
		}
	}
	return 0;
}

process.exitCode = main(process.argv.slice(2));
