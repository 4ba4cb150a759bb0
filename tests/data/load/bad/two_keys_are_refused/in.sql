-- MySQL dump 10.13
CREATE TABLE `t` (`id` int PRIMARY KEY, `b` int);
ALTER TABLE `t` ADD PRIMARY KEY (`b`);
