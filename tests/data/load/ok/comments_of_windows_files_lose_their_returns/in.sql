-- MySQL dump 10.13
CREATE TABLE `a` (
  `id` int NOT NULL COMMENT 'two
lines',
  PRIMARY KEY (`id`)
);
