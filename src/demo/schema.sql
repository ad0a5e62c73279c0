-- The telemetry of the demo as it is stored: one narrow table per kind of row, written by the demo alone. The tables that
-- analyses read are views of these (views.sql), so that they have all columns of their namesakes at no cost.

CREATE SCHEMA isobar_demo;

CREATE TABLE isobar_demo.desktop_days (
    submission_date DATE,
    client_id VARCHAR,
    profile_group_id VARCHAR,
    sample_id UTINYINT,
    country UTINYINT,
    system UTINYINT,
    engine UTINYINT,
    flags UTINYINT, -- 1: default browser; 2: has an account
    first_seen_date DATE,
    branch VARCHAR, -- the experiment's branch where the row names it
    pings UINTEGER,
    ticks UINTEGER, -- active time in 1/1024 hours
    pages UINTEGER,
    private_pages UINTEGER,
    days_seen_bits UINTEGER,
    days_active_bits UINTEGER
);

CREATE TABLE isobar_demo.desktop_searches (
    submission_date DATE,
    client_id VARCHAR,
    profile_group_id VARCHAR,
    engine UTINYINT,
    source UTINYINT,
    sap UINTEGER,
    tagged_sap UINTEGER,
    tagged_follow_on UINTEGER,
    search_with_ads UINTEGER,
    ad_click UINTEGER,
    organic UINTEGER
);

CREATE TABLE isobar_demo.desktop_events (
    submission_date DATE,
    client_id VARCHAR,
    profile_group_id VARCHAR,
    sample_id UTINYINT,
    country UTINYINT,
    kind VARCHAR, -- enroll, unenroll, expose, panel (the feature was shown), other (another experiment's enroll event)
    branch VARCHAR,
    annotation VARCHAR
);

CREATE TABLE isobar_demo.fenix_pings (
    submission_timestamp TIMESTAMP,
    client_id VARCHAR,
    first_seen_date DATE,
    branch VARCHAR,
    seconds UINTEGER
);

CREATE TABLE isobar_demo.fenix_days (
    submission_date DATE,
    client_id VARCHAR,
    country UTINYINT,
    first_seen_date DATE,
    branch VARCHAR,
    pages UINTEGER,
    searches UINTEGER,
    ad_click UINTEGER
);

CREATE TABLE isobar_demo.fenix_events (
    submission_timestamp TIMESTAMP,
    client_id VARCHAR,
    sample_id UTINYINT,
    event_name VARCHAR,
    experiment VARCHAR,
    branch VARCHAR
);
