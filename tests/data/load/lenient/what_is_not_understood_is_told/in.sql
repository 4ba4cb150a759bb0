-- MySQL dump 10.13
CREATE TABLE `a` (`id` int PRIMARY KEY, `b` int);
ALTER TABLE `a` ADD PRIMARY KEY (`b`), ADD COLUMN `c` int;
ALTER TABLE `a` ADD COLUMN `d` int, RENAME INDEX x TO y;
ALTER TABLE `a` ADD ) ;
CREATE TABLE `a` (`id` int PRIMARY KEY);
DROP TABLE `a b`, 5;
COMMENT ON COLUMN x IS 'y';
CREATE TABLE `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` (`id` int PRIMARY KEY);
CREATE TABLE `e` (`id` int PRIMARY KEY, `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` int, `x` float AUTO_INCREMENT);
CREATE TABLE `last` (`id` int PRIMARY KEY);
