-- The eight tables of TPC-H (TPC Benchmark H, section 1.4) as SHARED tables.
--
-- Identifiers are BIGINT, those of the two fixed tables region and nation INT;
-- decimals are DECIMAL(15, 2); the spec's fixed and variable text keeps its
-- length in the DDL, and the catalog makes TEXT of it.  A primary key has one
-- column here, so partsupp and lineitem, whose keys have two, get a column of
-- their own for it, behind those of the specification: these keep their places.

CREATE NAMESPACE tpch WITH (benchmark = 'TPC-H', specification = '3.0.1')
  COMMENT 'TPC-H: wholesale supplier';

CREATE SHARED TABLE tpch.region (
  r_regionkey INT PRIMARY KEY COMMENT '0 to 4',
  r_name CHAR(25) NOT NULL,
  r_comment VARCHAR(152)
) COMMENT 'Five regions of the world';

CREATE SHARED TABLE tpch.nation (
  n_nationkey INT PRIMARY KEY COMMENT '0 to 24',
  n_name CHAR(25) NOT NULL,
  n_regionkey INT NOT NULL COMMENT 'references region.r_regionkey',
  n_comment VARCHAR(152)
) COMMENT 'Twenty-five nations';

CREATE SHARED TABLE tpch.supplier (
  s_suppkey BIGINT PRIMARY KEY,
  s_name CHAR(25) NOT NULL COMMENT 'Supplier#000000001',
  s_address VARCHAR(40) NOT NULL,
  s_nationkey INT NOT NULL COMMENT 'references nation.n_nationkey',
  s_phone CHAR(15) NOT NULL,
  s_acctbal DECIMAL(15, 2) NOT NULL COMMENT 'account balance',
  s_comment VARCHAR(101) NOT NULL
) COMMENT 'Suppliers of parts: 10,000 for each scale factor';

CREATE SHARED TABLE tpch.customer (
  c_custkey BIGINT PRIMARY KEY,
  c_name VARCHAR(25) NOT NULL COMMENT 'Customer#000000001',
  c_address VARCHAR(40) NOT NULL,
  c_nationkey INT NOT NULL COMMENT 'references nation.n_nationkey',
  c_phone CHAR(15) NOT NULL,
  c_acctbal DECIMAL(15, 2) NOT NULL COMMENT 'account balance',
  c_mktsegment CHAR(10) NOT NULL COMMENT 'AUTOMOBILE, BUILDING, FURNITURE, HOUSEHOLD, MACHINERY',
  c_comment VARCHAR(117) NOT NULL
) COMMENT 'Customers: 150,000 for each scale factor';

CREATE SHARED TABLE tpch.part (
  p_partkey BIGINT PRIMARY KEY,
  p_name VARCHAR(55) NOT NULL COMMENT 'five words out of 92 colours',
  p_mfgr CHAR(25) NOT NULL COMMENT 'Manufacturer#1 to #5',
  p_brand CHAR(10) NOT NULL COMMENT 'Brand#11 to #55',
  p_type VARCHAR(25) NOT NULL,
  p_size INT NOT NULL,
  p_container CHAR(10) NOT NULL,
  p_retailprice DECIMAL(15, 2) NOT NULL,
  p_comment VARCHAR(23) NOT NULL
) COMMENT 'Parts: 200,000 for each scale factor';

CREATE SHARED TABLE tpch.partsupp (
  ps_partkey BIGINT NOT NULL COMMENT 'references part.p_partkey',
  ps_suppkey BIGINT NOT NULL COMMENT 'references supplier.s_suppkey',
  ps_availqty INT NOT NULL,
  ps_supplycost DECIMAL(15, 2) NOT NULL,
  ps_comment VARCHAR(199) NOT NULL,
  ps_id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID()
    COMMENT 'not in TPC-H: stands for its key (ps_partkey, ps_suppkey)'
) COMMENT 'Which supplier has which part: four for each part';

CREATE SHARED TABLE tpch.orders (
  o_orderkey BIGINT PRIMARY KEY COMMENT 'sparse: 8 of every 32 keys are used',
  o_custkey BIGINT NOT NULL COMMENT 'references customer.c_custkey',
  o_orderstatus CHAR(1) NOT NULL COMMENT 'F, O or P',
  o_totalprice DECIMAL(15, 2) NOT NULL,
  o_orderdate DATE NOT NULL,
  o_orderpriority CHAR(15) NOT NULL,
  o_clerk CHAR(15) NOT NULL,
  o_shippriority INT NOT NULL DEFAULT 0,
  o_comment VARCHAR(79) NOT NULL
) PARTITION BY (o_orderdate) WITH (FLUSH_POLICY = 'rows:100000,interval:300')
  COMMENT 'Orders: 1,500,000 for each scale factor';

CREATE SHARED TABLE tpch.lineitem (
  l_orderkey BIGINT NOT NULL COMMENT 'references orders.o_orderkey',
  l_partkey BIGINT NOT NULL COMMENT 'references partsupp.ps_partkey',
  l_suppkey BIGINT NOT NULL COMMENT 'references partsupp.ps_suppkey',
  l_linenumber INT NOT NULL,
  l_quantity DECIMAL(15, 2) NOT NULL,
  l_extendedprice DECIMAL(15, 2) NOT NULL,
  l_discount DECIMAL(15, 2) NOT NULL,
  l_tax DECIMAL(15, 2) NOT NULL,
  l_returnflag CHAR(1) NOT NULL COMMENT 'A, N or R',
  l_linestatus CHAR(1) NOT NULL COMMENT 'F or O',
  l_shipdate DATE NOT NULL,
  l_commitdate DATE NOT NULL,
  l_receiptdate DATE NOT NULL,
  l_shipinstruct CHAR(25) NOT NULL,
  l_shipmode CHAR(10) NOT NULL,
  l_comment VARCHAR(44) NOT NULL,
  l_id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID()
    COMMENT 'not in TPC-H: stands for its key (l_orderkey, l_linenumber)'
) PARTITION BY (l_shipdate) WITH (FLUSH_POLICY = 'rows:100000,interval:300')
  COMMENT 'Lines of orders: 6,000,000 for each scale factor';
