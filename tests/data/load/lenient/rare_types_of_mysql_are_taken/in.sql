-- options: from=mysql
CREATE TABLE `t` (
  `id` int SIGNED NOT NULL,
  `a` bit DEFAULT b'1',
  `b` bit(1) DEFAULT b'0',
  `c` bit(8) DEFAULT NULL,
  `d` float(10) DEFAULT -1.5,
  `e` float(53) DEFAULT +2,
  `f` tinyint(1) DEFAULT '1',
  `g` decimal(40,5) DEFAULT NULL,
  `h` decimal(0,0) DEFAULT NULL,
  `i` int(10) unsigned zerofill DEFAULT 7,
  `j` enum('a','b') DEFAULT "a",
  `k` set('x') DEFAULT NULL,
  `l` binary(4) DEFAULT NULL,
  `m` mediumint(8) unsigned DEFAULT 3,
  `n` datetime(3) DEFAULT CURRENT_TIMESTAMP(3),
  `o` varchar(9) CHARACTER SET utf8mb4 DEFAULT _utf8mb4'o',
  `p` boolean DEFAULT TRUE,
  PRIMARY KEY (`id`)
);
