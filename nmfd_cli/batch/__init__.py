"""Many recordings: planned, worked on in processes or on a cluster, gone on with after a cut.

In the order of the work:

===============  =============================================================================
``inputs``       from files, folders, patterns and streams to recordings
``plan``         `plan_jobs`: refuses what can be refused, before any work
``run``          `run_jobs`: all jobs, here, in processes or on a cluster
``processes``    worker processes, one a slot
``cluster``      the same work on a Dask cluster
``work``         `run_job`: one recording, from its file to its stems
``results``      what becomes of a recording: as events, as JSON, in its manifest
``failed_list``  the list of the recordings that failed
===============  =============================================================================
"""
