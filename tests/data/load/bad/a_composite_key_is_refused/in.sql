-- MySQL dump 10.13
CREATE TABLE `t` (`id` int NOT NULL, `b` int NOT NULL, PRIMARY KEY (`id`,`b`));
