-- Its schedule is one of `job_schedules`, its lease and its failures are those of the job.
DROP TABLE quote_feed;
