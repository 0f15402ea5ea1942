CREATE TABLE "imclr"."experiment" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"fingerprint" text NOT NULL,
	"dataset_id" text NOT NULL,
	"version_id" text NOT NULL,
	"preset" text,
	"scale" text,
	"definition" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "imclr"."experiment_run" (
	"experiment_id" text NOT NULL,
	"place" integer NOT NULL,
	"job_id" text NOT NULL,
	"record" jsonb,
	CONSTRAINT "experiment_run_experiment_id_place_pk" PRIMARY KEY("experiment_id","place")
);
--> statement-breakpoint
ALTER TABLE "imclr"."experiment" ADD CONSTRAINT "experiment_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imclr"."experiment_run" ADD CONSTRAINT "experiment_run_experiment_id_experiment_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "imclr"."experiment"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "experiment_fingerprint" ON "imclr"."experiment" USING btree ("project_id","fingerprint");--> statement-breakpoint
CREATE INDEX "experiment_newest" ON "imclr"."experiment" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "experiment_run_job" ON "imclr"."experiment_run" USING btree ("job_id");