-- MySQL dump 10.13
CREATE TABLE `items` (
  `id` int NOT NULL,
  `name` varchar(20) NOT NULL COMMENT 'as written',
  PRIMARY KEY (`id`)
);
ALTER TABLE `items` MODIFY `name` varchar(;
ALTER TABLE `items` ADD COLUMN `b` int(;
