/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version	10.11.6-MariaDB-0+deb12u1

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;

--
-- Current Database: `shop`
--

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */;

USE `shop`;

--
-- Table structure for table `customers`
--

DROP TABLE IF EXISTS `customers`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8 */;
CREATE TABLE `customers` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(100) NOT NULL COMMENT 'It''s a name; -- no comment\nsecond line \\ "x"',
  `email` varchar(320) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `age` tinyint(3) unsigned DEFAULT NULL,
  `is_vip` tinyint(1) NOT NULL DEFAULT 0,
  `flag` bit(1) NOT NULL DEFAULT b'0',
  `flags` bit(8) DEFAULT NULL,
  `state` enum('new','it''s','gone') NOT NULL DEFAULT 'new',
  `tags` set('a','b') DEFAULT NULL,
  `balance` decimal(12,2) NOT NULL DEFAULT 0.00,
  `big` decimal(65,30) DEFAULT NULL,
  `score` double(10,2) DEFAULT NULL,
  `ratio` float DEFAULT 1.5,
  `small` smallint(5) unsigned NOT NULL DEFAULT 7,
  `medium` mediumint(8) unsigned DEFAULT NULL,
  `born` year(4) DEFAULT NULL,
  `photo` longblob DEFAULT NULL,
  `hash` binary(16) DEFAULT '0123456789abcdef',
  `note` mediumtext DEFAULT NULL,
  `doc` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`doc`)),
  `created_at` timestamp NOT NULL DEFAULT current_timestamp(),
  `updated_at` datetime(6) DEFAULT NULL ON UPDATE current_timestamp(6),
  `nodate` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `at` time DEFAULT '12:00:00',
  `full_name` varchar(200) GENERATED ALWAYS AS (concat(`name`,' x')) VIRTUAL,
  `place` point DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `customers_email_unique` (`email`),
  KEY `customers_name` (`name`(10)),
  FULLTEXT KEY `ft` (`note`),
  CONSTRAINT `chk` CHECK (`age` > 0)
) ENGINE=InnoDB AUTO_INCREMENT=123 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='Who buys';
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `customers`
--

LOCK TABLES `customers` WRITE;
/*!40000 ALTER TABLE `customers` DISABLE KEYS */;
INSERT INTO `customers` VALUES (1,'a;b\'; CREATE TABLE x (id int);','x'),(2,"semi;colon",'\\');
/*!40000 ALTER TABLE `customers` ENABLE KEYS */;
UNLOCK TABLES;

DROP TABLE IF EXISTS `orders`;
CREATE TABLE `orders` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `customer_id` bigint(20) unsigned NOT NULL,
  `uuid` char(36) DEFAULT uuid(),
  PRIMARY KEY (`id`),
  KEY `fk` (`customer_id`),
  CONSTRAINT `orders_ibfk_1` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
/*!50100 PARTITION BY RANGE (`id`)
(PARTITION p0 VALUES LESS THAN (1000) ENGINE = InnoDB,
 PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */;

CREATE TABLE `order_tags` (
  `a` int(11) NOT NULL,
  `b` int(11) NOT NULL,
  PRIMARY KEY (`a`,`b`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Temporary table structure for view `cheap`
--

DROP TABLE IF EXISTS `cheap`;
/*!50001 DROP VIEW IF EXISTS `cheap`*/;
SET @saved_cs_client     = @@character_set_client;
/*!50001 CREATE VIEW `cheap` AS SELECT
 1 AS `id` */;
SET character_set_client = @saved_cs_client;

/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `orders` FOR EACH ROW BEGIN
  SET NEW.id = 1; -- ; here
  IF NEW.id THEN SET NEW.id = 2; END IF;
END */;;
DELIMITER ;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` PROCEDURE `p`()
BEGIN
  SELECT 1; CREATE TABLE nope (id int);
END ;;
DELIMITER ;

/*!50001 DROP VIEW IF EXISTS `cheap`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `cheap` AS select `customers`.`id` AS `id` from `customers` */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;

-- Dump completed on 2026-11-22 10:00:00
