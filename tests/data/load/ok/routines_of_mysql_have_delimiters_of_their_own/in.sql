-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
/*!50503 SET NAMES utf8mb4 */;
# a comment; with a semicolon and a '
SELECT 1--1;
CREATE TABLE `a` (`id` int NOT NULL, `s` varchar(20) DEFAULT 'a\';\n"' COMMENT "double \" quoted", PRIMARY KEY (`id`)) ENGINE=InnoDB;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` PROCEDURE `p`()
BEGIN
  CREATE TABLE b (id int);
  SELECT 'END;';
END ;;
DELIMITER ;
/*!50106 SET @save_time_zone= @@TIME_ZONE */ ;
DELIMITER $$
/*!50106 CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; END */ $$
DELIMITER ;
CREATE TABLE `c` (`id` bigint NOT NULL AUTO_INCREMENT, `y` year DEFAULT NULL, `t` tinyint(1) DEFAULT '1', `d` date DEFAULT '2024-02-29', `dt` datetime(3) DEFAULT CURRENT_TIMESTAMP(3), `b` bit(1) DEFAULT b'1', `x` varbinary(4) DEFAULT 'ab', `h` blob DEFAULT X'00ff', `n` decimal(10,2) DEFAULT '-1.50', `f` float(24), `g` float(53), `r` real, `j` json, `v` vector(3), PRIMARY KEY (`id`) USING BTREE, KEY `k` (`t`), FULLTEXT KEY `ft` (`x`)) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC STATS_PERSISTENT=0 COMMENT='The third';
