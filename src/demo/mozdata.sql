-- The same tables under the project that analysts use.

CREATE SCHEMA mozdata.telemetry;
CREATE SCHEMA mozdata.search;
CREATE SCHEMA mozdata.fenix;
CREATE SCHEMA mozdata.org_mozilla_firefox;

CREATE VIEW mozdata.telemetry.clients_daily AS
SELECT * FROM "moz-fx-data-shared-prod".telemetry.clients_daily;

CREATE VIEW mozdata.telemetry.desktop_active_users AS
SELECT * FROM "moz-fx-data-shared-prod".telemetry.desktop_active_users;

CREATE VIEW mozdata.telemetry.clients_last_seen AS
SELECT * FROM "moz-fx-data-shared-prod".telemetry.clients_last_seen;

CREATE VIEW mozdata.search.search_clients_engines_sources_daily AS
SELECT * FROM "moz-fx-data-shared-prod".search.search_clients_engines_sources_daily;

CREATE VIEW mozdata.telemetry.events AS
SELECT * FROM "moz-fx-data-shared-prod".telemetry.events;

CREATE VIEW mozdata.org_mozilla_firefox.events_stream AS
SELECT * FROM "moz-fx-data-shared-prod".org_mozilla_firefox.events_stream;

CREATE VIEW mozdata.org_mozilla_firefox.baseline AS
SELECT * FROM "moz-fx-data-shared-prod".org_mozilla_firefox.baseline;

CREATE VIEW mozdata.org_mozilla_firefox.metrics AS
SELECT * FROM "moz-fx-data-shared-prod".org_mozilla_firefox.metrics;

CREATE VIEW mozdata.fenix.active_users AS
SELECT * FROM "moz-fx-data-shared-prod".fenix.active_users;

CREATE VIEW mozdata.fenix.baseline_clients_daily AS
SELECT * FROM "moz-fx-data-shared-prod".fenix.baseline_clients_daily;

CREATE VIEW mozdata.fenix.baseline_clients_last_seen AS
SELECT * FROM "moz-fx-data-shared-prod".fenix.baseline_clients_last_seen;

CREATE VIEW mozdata.search.mobile_search_clients_engines_sources_daily AS
SELECT * FROM "moz-fx-data-shared-prod".search.mobile_search_clients_engines_sources_daily;
