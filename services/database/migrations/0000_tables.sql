CREATE SCHEMA IF NOT EXISTS "imclr";
--> statement-breakpoint
CREATE TABLE "imclr"."api_key" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"sha256" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "imclr"."collect" (
	"prefix" text PRIMARY KEY NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."dataset" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."dataset_version" (
	"dataset_id" text NOT NULL,
	"version_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "dataset_version_dataset_id_version_id_pk" PRIMARY KEY("dataset_id","version_id")
);
--> statement-breakpoint
CREATE TABLE "imclr"."idempotency" (
	"project_id" text NOT NULL,
	"key" text NOT NULL,
	"route" text NOT NULL,
	"body_sha256" text NOT NULL,
	"answer" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "idempotency_project_id_key_pk" PRIMARY KEY("project_id","key")
);
--> statement-breakpoint
CREATE TABLE "imclr"."job" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text,
	"state" text DEFAULT 'queued' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"failed_attempts" integer DEFAULT 0 NOT NULL,
	"dataset_id" text NOT NULL,
	"upload_id" text,
	"options" jsonb,
	"version_id" text,
	"spec" jsonb,
	"model_id" text,
	"limits" jsonb NOT NULL,
	"estimate" jsonb,
	"progress" jsonb,
	"cancel_requested" text,
	"failure" jsonb,
	"ended_early" text,
	"last_checkpoint" jsonb,
	"waiting_for" text,
	"output_prefix" text,
	"queue_entry" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp (3) with time zone,
	"seconds_spent" double precision DEFAULT 0 NOT NULL,
	"lease_owner" text,
	"lease_until" timestamp (3) with time zone,
	"heartbeat_at" timestamp (3) with time zone,
	"runner" jsonb,
	"events_position" integer DEFAULT 0 NOT NULL,
	"last_event" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"queued_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"attempt_started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "imclr"."job_event" (
	"job_id" text NOT NULL,
	"number" integer NOT NULL,
	"attempt" integer NOT NULL,
	"line" integer,
	"at" timestamp (3) with time zone NOT NULL,
	"once" text,
	"event" jsonb NOT NULL,
	CONSTRAINT "job_event_job_id_number_pk" PRIMARY KEY("job_id","number")
);
--> statement-breakpoint
CREATE TABLE "imclr"."model" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"job_id" text NOT NULL,
	"dataset_id" text NOT NULL,
	"version_id" text NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"manifest" jsonb NOT NULL,
	"ended_early" text,
	"public" boolean DEFAULT false NOT NULL,
	"bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."project" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."upload" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"dataset_name" text NOT NULL,
	"file_name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"part_bytes" bigint NOT NULL,
	"part_count" integer NOT NULL,
	"object_key" text NOT NULL,
	"multipart_id" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"job_id" text,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."version" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"prefix" text NOT NULL,
	"summary" jsonb NOT NULL,
	"bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "imclr"."api_key" ADD CONSTRAINT "api_key_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."dataset" ADD CONSTRAINT "dataset_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."dataset_version" ADD CONSTRAINT "dataset_version_dataset_id_dataset_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "imclr"."dataset"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."dataset_version" ADD CONSTRAINT "dataset_version_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "imclr"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."idempotency" ADD CONSTRAINT "idempotency_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."job" ADD CONSTRAINT "job_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."job_event" ADD CONSTRAINT "job_event_job_id_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "imclr"."job"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."model" ADD CONSTRAINT "model_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."upload" ADD CONSTRAINT "upload_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."version" ADD CONSTRAINT "version_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "api_key_sha256" ON "imclr"."api_key" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "api_key_prefix" ON "imclr"."api_key" USING btree ("prefix");--> statement-breakpoint
CREATE INDEX "api_key_newest" ON "imclr"."api_key" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "collect_due" ON "imclr"."collect" USING btree ("due_at");--> statement-breakpoint
CREATE UNIQUE INDEX "dataset_name" ON "imclr"."dataset" USING btree ("project_id","name");--> statement-breakpoint
CREATE INDEX "dataset_newest" ON "imclr"."dataset" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "dataset_version_version" ON "imclr"."dataset_version" USING btree ("version_id");--> statement-breakpoint
CREATE INDEX "idempotency_age" ON "imclr"."idempotency" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "job_newest" ON "imclr"."job" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "job_queue" ON "imclr"."job" USING btree ("queued_at","id") WHERE "imclr"."job"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "job_unfinished" ON "imclr"."job" USING btree ("state") WHERE "imclr"."job"."state" in ('queued', 'starting', 'running', 'paused');--> statement-breakpoint
CREATE INDEX "job_version" ON "imclr"."job" USING btree ("version_id");--> statement-breakpoint
CREATE INDEX "job_dataset" ON "imclr"."job" USING btree ("dataset_id");--> statement-breakpoint
CREATE UNIQUE INDEX "job_event_once" ON "imclr"."job_event" USING btree ("job_id","once") WHERE "imclr"."job_event"."once" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "job_event_line" ON "imclr"."job_event" USING btree ("job_id","attempt","line") WHERE "imclr"."job_event"."line" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "model_job" ON "imclr"."model" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "model_newest" ON "imclr"."model" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "model_version" ON "imclr"."model" USING btree ("version_id");--> statement-breakpoint
CREATE UNIQUE INDEX "project_name" ON "imclr"."project" USING btree ("name");--> statement-breakpoint
CREATE INDEX "project_newest" ON "imclr"."project" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "upload_newest" ON "imclr"."upload" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "upload_expiry" ON "imclr"."upload" USING btree ("state","expires_at");--> statement-breakpoint
CREATE INDEX "version_project" ON "imclr"."version" USING btree ("project_id");