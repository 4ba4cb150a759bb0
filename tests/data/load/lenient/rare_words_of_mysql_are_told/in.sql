-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
CREATE DATABASE `rare`;
USE `rare`;
CREATE TABLE `a` (
  `id` int NOT NULL,
  `b` int DEFAULT `id`,
  `c` text COMMENT "in double quotes",
  `d` int GENERATED ALWAYS AS (`id` + 1) PERSISTENT,
  `e` int AS (`id` + 2) STORED,
  `f` tinyint(2) DEFAULT 1,
  `g` bit(2),
  `h` float(30),
  `i` decimal(5,7),
  `j` varchar(max),
  `k` geometry(1,2,3,4),
  CONSTRAINT PRIMARY KEY (`id`),
  CONSTRAINT CHECK (`id` > 0),
  CONSTRAINT UNIQUE (`f`),
  UNIQUE KEY `u` ((lower(`c`))),
  CONSTRAINT FOREIGN KEY (`b`) REFERENCES `z` (`id`)
) ENGINE InnoDB DEFAULT COLLATE utf8mb4_bin AUTO_EXTEND COMMENT 'of a';
CREATE TABLE `n` (`id` int);
ALTER TABLE `n` CHANGE `id` `no` int;
ALTER TABLE `n` ADD PRIMARY KEY (`no`);
CREATE TABLE `s` (`id` int PRIMARY KEY) SELECT 1 AS `id`;
CREATE TABLE `p` (`id` int PRIMARY KEY) ENGINE PARTITION BY HASH (`id`);
ALTER TABLE `a` COMMENT `no string`;
