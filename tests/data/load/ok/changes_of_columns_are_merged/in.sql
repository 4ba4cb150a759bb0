-- MySQL dump 10.13
CREATE TABLE `a` (`number` int, `b` varchar(5), `c` int, PRIMARY KEY (`number`));
ALTER TABLE `a` CHANGE `number` `id` bigint NOT NULL AUTO_INCREMENT COMMENT 'the key', MODIFY COLUMN `c` text FIRST;
ALTER TABLE `a` ALTER COLUMN `b` SET DEFAULT 'x', ALTER `c` DROP DEFAULT, COMMENT = 'all';
